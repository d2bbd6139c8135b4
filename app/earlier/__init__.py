"""Earlier work on a catalogue: what files say of its rows, against the proposals of today, and what is made of it."""
