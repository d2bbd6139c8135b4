"""A laboratory, accounts and a catalogue to try."""
