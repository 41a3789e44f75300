"""Tests of `daemon/engines`."""
