"""HTTP: the composition root, who is asking, the GraphQL endpoint and the pages. No SQL, no plans."""
