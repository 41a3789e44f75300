"""The face for other coding agents: the Model Context Protocol over standard input and output (`ratchet mcp`)."""
