"""Cheats made to measure for a target: its own seed, tampered with. A judge that lets one through is not fit."""
