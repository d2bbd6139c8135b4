"""Laboratories, members and accounts, by the administrator."""
