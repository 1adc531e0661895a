"""Statistics of the amounts of moving windows."""
