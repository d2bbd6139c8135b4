"""What is odd among the codes of a catalogue: found, shown, and answered by people. It never changes a rank."""
