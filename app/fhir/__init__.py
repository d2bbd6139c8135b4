"""The FHIR service: approved maps and $translate."""
