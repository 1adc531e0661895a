"""The protocols of other servers: tables of wallets in, columns of answers out."""
