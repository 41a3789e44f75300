LIMIT = 10000
"""Cents from which a discount is given."""
MEMBER, USUAL = 10, 5
"""Per cent off from the limit."""
CODES = {"": 0, "SPRING": 15}
"""Per cent off by code."""
