"""The biologist's screens: approve, send back."""
