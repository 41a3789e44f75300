"""How long audit records are kept, in days."""

SHORTEST_DAYS = 183
"""Six months: the least that articles 19 and 26 of the EU AI Act ask for."""
USUAL_DAYS = 400
