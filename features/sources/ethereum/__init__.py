"""Ethereum and chains of its kind: exports of others' tools, and a node over JSON-RPC.

What counts as a payment, how much it is and how it is named is decided in ``rules`` and ``moves``,
once for all sources, so that one transfer read from two of them is one transfer.
"""
