"""What governance costs: whole candidates through the daemon, beside the same evaluation without it, in one run."""
