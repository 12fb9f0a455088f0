"""Where a tool may show its error: one file per channel, found by walking this folder.

A channel module has `KIND` (its name in the tool file), `RANK` (the lower, the more it is trusted), `Settings`
(the keys of `[[observe.error]]` beside `kind`), `axes(settings, words)` (what it could ever tell) and
`read(settings, page, words)`, which returns a `Sighting` or None.
"""
