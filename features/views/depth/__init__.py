"""Through how many wallets that passed it on a wallet's money came, and how far it went."""
