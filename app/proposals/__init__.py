"""Runs the matcher and stores what it explains."""
