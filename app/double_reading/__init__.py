"""Double reading: a share of the decisions is read again, blind, by somebody else; disagreements are reconciled."""
