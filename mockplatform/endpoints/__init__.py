"""Thin HTTP endpoints: parse the request, ask the platform, answer. No rule about LTI lives here.

A module is served by being here: `ROUTES` are its Starlette routes, whose names are those of the endpoints on the
wire. `ASKED_BY` says who asks there, for the journal: a `browser` in which somebody was sent there, or a `tool`.
`FOR_PEOPLE = True` in its place says that they are pages for the person at the platform, which no journal records.
"""
