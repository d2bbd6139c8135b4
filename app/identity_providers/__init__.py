"""Signing in through a provider of identities: OpenID Connect, Pro Santé Connect among others."""
