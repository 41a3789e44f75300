"""The system calls that a runner may make: `runner.json` is handed to the engine, `rules.py` is its source."""
