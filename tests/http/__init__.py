"""GraphQL over HTTP: the specification's own audits, and what lies beyond them."""
