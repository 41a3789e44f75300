"""Hostile candidates and honest controls, sent through the whole path; see README.md."""
