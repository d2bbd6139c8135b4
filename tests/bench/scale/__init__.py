"""The page of scale: what was measured, with which command and on which machine, and what follows from it."""
