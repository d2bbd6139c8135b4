"""The report that a biologist signs and an auditor reads: every row as a table, and a document to print."""
