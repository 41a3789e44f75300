"""Small repair-and-implement tasks by which an agent is scored: one folder each, hidden checks on the judge's side."""
