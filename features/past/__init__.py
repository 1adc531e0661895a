"""What may be known at an instant: the one cut, and what kernels compute of it."""
