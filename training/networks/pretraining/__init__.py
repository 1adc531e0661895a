"""An encoder that learns from a ledger without labels."""
