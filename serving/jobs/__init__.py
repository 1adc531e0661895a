"""Lists of wallets that are scored off the request path, and go on after a restart."""
