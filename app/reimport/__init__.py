"""Confirmed files are written; a newer export compared."""
