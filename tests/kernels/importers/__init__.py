"""Tests of imports, on small tasks of our own in the shapes of other projects."""
