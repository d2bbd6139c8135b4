"""Attacks on the application: what they try, and that they find nothing."""
