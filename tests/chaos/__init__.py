"""Real processes that are killed, on data that must survive: `make chaos`."""
