"""The engines that the daemon stands on, each either given by URL or started as our own child process."""
