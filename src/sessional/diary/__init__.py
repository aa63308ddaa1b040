"""The core: what a therapist's diary is and what may happen to it. No clock, no I/O, no SQL, no GraphQL."""
