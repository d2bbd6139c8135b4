"""Sharing out the work: whose rows, who has one open, how fast the work goes."""
