"""Graph networks over the transfers around a wallet; see README.md. Needs the extra ``gnn``."""
