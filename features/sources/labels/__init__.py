"""Lists of known wallets as others keep them: each read into the label contract."""
