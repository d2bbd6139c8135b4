"""A row against its candidates: the seven-line case."""
