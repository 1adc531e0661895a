"""Watch a model: what its training looked like, how a new window differs, what the prior is."""
