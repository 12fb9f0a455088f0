"""What makes a fault point of the tool's back end fail: one file per driver, found by walking this folder.

A driver module has `KIND` (its name in the tool file), `Settings` (the keys of `[faults]` beside `driver`) and
`arm(settings, point, mode)`, a context manager whose value has `hits`: how often the fault was reached.
"""
