"""The practice's own identity provider: OpenID Connect as a relying party.

The authorization code flow with PKCE, a state and a nonce. Knows nothing of accounts, of the database or
of requests to Sessional: it answers the name that the provider vouches for. Clock and chance arrive as
arguments.
"""
