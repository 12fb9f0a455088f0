"""The messages that the platform sends, one file each, found by being here.

A module has `NAME` (the `message` of a `Launch`), `TYPE` (the value of the message type claim), `OPENS_LINK` (whether
it is about a link of the course), `NEEDS` (services that it names even where other launches do not), `OMITS` (claims of
other messages that it lacks), and `claims(launch)`: what it says beyond what every message says. Claims of LTI Core
go by their short names. One that is about a line item may have `line_item(platform, registration, course, link)`, which
finds or makes it where none is named.
"""
