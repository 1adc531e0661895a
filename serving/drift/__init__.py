"""Whether the wallets that are asked about are like those that the model learnt from."""
