"""Reads the reports that a laboratory system emitted, for what their results carry: no database, no web, no name."""
