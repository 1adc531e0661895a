"""Keeping a ledger up to date from a node, whatever its chain."""
