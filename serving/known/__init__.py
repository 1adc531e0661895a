"""What callers say of wallets: labels, which answers read, and feedback, which they do not."""
