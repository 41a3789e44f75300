"""The only way from a candidate to a model: one Unix socket each, metered, journaled, recorded."""
