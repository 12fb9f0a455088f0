"""What makes a fault point of the tool's back end fail: one file per driver, found by walking this folder.

`conformance.driver` says what such a file has to offer.
"""
