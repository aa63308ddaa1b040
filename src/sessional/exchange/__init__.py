"""Import and export: JSON Lines in and out of a database. No SQL. The format: docs/reference/import.md."""
