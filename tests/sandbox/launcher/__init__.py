"""Tests of the launcher, against a driver library of our own."""
