"""Versions of a mapping: what biologists signed, and what changed since."""
