"""Thin HTTP endpoints: parse the request, ask the platform, answer. No rule about LTI lives here.

A module is served by being here: `ROUTES` are its Starlette routes, whose names are those of the endpoints on the
wire; `FOR_PEOPLE = True` says that they are pages for the person at the platform, which no journal records.
"""
