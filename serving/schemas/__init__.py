"""What the endpoint is asked and what it answers, as pydantic models."""
