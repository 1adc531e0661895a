"""Routes of the endpoint by topic."""
