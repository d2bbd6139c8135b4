"""Work in the background, and its progress."""
