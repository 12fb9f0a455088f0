"""The tool as a client of the platform's services: tokens, roster, grades, groups, and what was picked."""
