"""A new release: what it changes, tasks to look again."""
