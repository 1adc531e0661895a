"""Whose money it is: haircut, first in first out, and poison."""
