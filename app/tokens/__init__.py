"""Tokens of programs, and the address they call."""
