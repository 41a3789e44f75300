"""`python -m daemon.cli` is `ratchet`."""

from daemon.cli.app import main

if __name__ == "__main__":
    main()
