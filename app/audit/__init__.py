"""One event for every write, in its own transaction."""
