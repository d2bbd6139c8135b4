"""A day of work in a few minutes: people, imports and matching at once, against a real server."""
