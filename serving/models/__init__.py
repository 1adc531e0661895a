"""Which model answers: loaded beside another, changed in one step, taken back in one call."""
