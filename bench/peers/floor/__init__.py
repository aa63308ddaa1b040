"""What the machine can do: ready SQL through a bare ASGI application, without GraphQL."""
