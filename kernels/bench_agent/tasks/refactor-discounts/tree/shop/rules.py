LIMIT = 10000
"""Cents from which a discount is given."""
