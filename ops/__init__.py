"""Running Ratchet as a service: set-up, monitoring, units and runbooks."""
