"""The desk: pages for the people who decide on wallets, by the same functions as the HTTP API."""
