"""Candidates per second, end to end."""
