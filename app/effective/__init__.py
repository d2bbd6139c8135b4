"""What the emitted reports of a laboratory really carry, against what is approved: counts only, never a patient."""
