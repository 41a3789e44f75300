"""GPUs: who holds which one, what is done to it between holders, and what each of them looks like from outside."""
