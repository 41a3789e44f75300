"""Prepares a bare machine: Python environment, Docker engine, OPA, sandbox image. Standard library only."""
