"""What went over the wire, told as legs of a launch and without its secrets."""
