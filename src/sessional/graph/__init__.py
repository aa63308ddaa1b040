"""All GraphQL: documents in, plans and answers out. No SQL text, no database driver."""
