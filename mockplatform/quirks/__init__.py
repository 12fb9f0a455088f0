"""The quirks of platforms, one module per stage of a launch; those of services are data."""
