"""The program on the untrusted side: builds, loads and calls candidate code when the judge asks. It decides nothing."""
