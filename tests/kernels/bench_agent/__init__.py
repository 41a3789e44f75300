"""Tests of the agent's benchmark."""
