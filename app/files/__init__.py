"""Reads any received file; knows no database."""
