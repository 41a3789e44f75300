"""The image that every container runs: its recipe by registry or by debootstrap, one contents check for both."""
