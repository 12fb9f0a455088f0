"""Signatures and who made them: a tool's JWTs and keys, client assertions, and OAuth 1.0 for LTI 1.1."""
