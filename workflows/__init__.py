"""Durable decisions: the Campaign and Candidate workflows, their types, and the ports their activities need."""
