"""Tests of daemon.records."""
