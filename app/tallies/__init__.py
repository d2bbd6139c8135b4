"""What the screens order and count by, kept with each fact."""
