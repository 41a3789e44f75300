"""Tests of ops.bootstrap."""
