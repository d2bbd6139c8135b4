"""Decisions as facts: workflow, checks, standing."""
