"""The share transcoded, against the 80 % target."""
