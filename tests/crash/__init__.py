"""A small campaign that dies again and again at the seams of its steps, and must end as if nothing had happened."""
