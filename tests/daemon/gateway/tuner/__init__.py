"""Tests of the offline tuner."""
