"""Targets: one folder each, with `target.toml`, a seed tree and an evaluator."""
