"""People, passwords, signing in and out."""
