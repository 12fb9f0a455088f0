"""A run, told once: what the reports render, without a secret in it."""
