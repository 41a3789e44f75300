"""The `ratchet` command: thin commands, one file a group; what they need is imported inside them."""
