"""What happened, told to people: the timeline of a launch, requests as curl commands, secrets masked."""
