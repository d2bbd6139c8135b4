"""What goes out, judged once for every format."""
