"""One module a command, `<name>_command.py`, with `command(options) -> int`."""
