"""Whether the installation works, and how much: health, readiness, metrics."""
