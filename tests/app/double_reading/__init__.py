"""The double reading."""
