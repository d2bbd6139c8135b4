"""Claims: the evidence pack of a catalogue, what is printed in it, and its verification without a database."""
