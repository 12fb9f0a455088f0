"""What of a text is secret: by its name, by its place, and by what it looks like."""
