"""Earlier transcodings, kept as evidence."""
