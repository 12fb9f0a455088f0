"""The version of both packages, a constant so that reading it costs no import."""

__version__ = "0.1.0"
