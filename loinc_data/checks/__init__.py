"""Checks of the terminology, lexicon and tables that we ship: one module a kind of file."""
