"""Watch lists: wallets scored again when something changes, and webhooks that tell of it."""
