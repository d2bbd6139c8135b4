"""What goes out, as FHIR R4 and R5 values."""
