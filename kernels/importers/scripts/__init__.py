"""Scripts that become part of imported targets (`imported/` there) and run in the runner: standard library only."""
