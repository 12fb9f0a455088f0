"""What goes wrong in the first hour, one function for each mistake; `first_hour` asks them in their order."""
