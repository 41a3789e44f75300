"""Other people's tasks as targets: one file a format, each a pure function from a folder to a target's files."""
