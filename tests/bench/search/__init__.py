"""How good the search is: ours, plain sampling, and other frameworks, on the same tasks with the same proposals."""
