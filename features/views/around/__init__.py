"""Labelled wallets one and two steps away, whichever way the money went."""
