"""The control API: everything that a test or a script may want of a running platform, as JSON over HTTP.

Each module of `mockplatform.control.groups` is a group of acts and is found by being there. An act is a function with
the decorator `act`; its annotations are its contract: what they say is checked, and told in the OpenAPI document.
"""
