"""Laboratories and their members."""
