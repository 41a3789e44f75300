"""Containers for code that nobody trusts: what they may be, how they are started, watched, ended and emptied."""
