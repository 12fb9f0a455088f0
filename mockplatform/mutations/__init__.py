"""The lies that the platform can tell, one file per place where a lie is told."""
