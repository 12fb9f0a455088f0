"""What a team does with results: compares them, waives failures, keeps a baseline."""
