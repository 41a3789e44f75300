"""Tests of who holds which GPU."""
