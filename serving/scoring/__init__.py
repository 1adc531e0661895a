"""What is asked of a ledger and a model, and what is answered."""
