"""Groups of acts of the control API; the first line of a module's docstring introduces its group."""
