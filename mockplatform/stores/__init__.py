"""Stores that outlive a process and are shared by several."""
