"""Decisions on many rows in one act: the gate, what becomes of each row, and taking it all back."""
