"""Tests of the judge, the guest and the driver between them."""
