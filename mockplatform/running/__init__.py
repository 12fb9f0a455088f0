"""A platform as processes: what is to run, the workers that share it, the tools beside it."""
