"""One tool a file. genome.toml's list says which of them may be used; see toolbox.py for what a tool is."""
