"""How much passes through a wallet, how fast, and through how many."""
