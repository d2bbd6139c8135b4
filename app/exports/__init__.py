"""Files given back: completed, LOINC_4 to 6, FHIR."""
