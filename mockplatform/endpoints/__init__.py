"""Thin HTTP endpoints: parse the request, ask the platform, answer. No rule about LTI lives here."""
