"""Tests of generation 0 of the genome, loaded from its folder as in a container."""
