"""All SQL: what is read and written, on SQLite and on PostgreSQL. No GraphQL, no roles."""
