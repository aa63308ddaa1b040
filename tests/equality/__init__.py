"""The proof: what the product answers is what graphql-core answers over plain objects."""
