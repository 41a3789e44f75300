"""The service: the only package that may import all the others."""
