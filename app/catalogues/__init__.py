"""Received files become local tests."""
