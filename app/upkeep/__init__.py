"""Looking after an installation: backup, restoration, and the examination of its health."""
