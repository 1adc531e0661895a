"""View ``utxo``: what transactions of coins tell of an address that account transfers do not."""
