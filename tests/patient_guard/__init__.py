"""The guard against patient data, over a corpus of its own."""
