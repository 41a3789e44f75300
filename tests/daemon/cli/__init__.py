"""Tests of daemon.cli."""
