"""LOINC releases, value sets, search."""
