"""The arrows of the one path, each a step: what the activities really do."""
