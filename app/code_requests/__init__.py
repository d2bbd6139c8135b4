"""Requests of LOINC codes for the rows that have none: lists, files, follow-up, codes d'attente."""
