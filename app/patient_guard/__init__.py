"""Whether something holds patients, by what it says: pure functions over cells, texts and bytes. Nothing is stored."""
