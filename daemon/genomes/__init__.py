"""Versions of the agent: how one is scored, promoted, rolled out and taken back."""
