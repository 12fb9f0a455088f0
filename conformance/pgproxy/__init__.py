"""A proxy between a tool and its PostgreSQL that makes statements which touch a named table fail.

It speaks the frontend/backend protocol 3 and changes nothing in the database. A statement that is to fail is replaced
by one that really fails on the server, so that the state of the transaction is always the server's own.
"""
