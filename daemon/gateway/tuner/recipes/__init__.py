"""One known edit a file: when it fits, what it writes, and what it hopes for."""
