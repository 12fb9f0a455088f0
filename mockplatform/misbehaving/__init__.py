"""Scheduled misbehaviour of the platform's endpoints: faults, what they act on, and their settings."""
