"""Our starter terminology and lexicons, and the reader of official LOINC releases."""
