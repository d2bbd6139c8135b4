"""An engine as one file: its index and its compiled lexicon, as bytes that the caller keeps where it wants."""
