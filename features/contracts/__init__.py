"""What is received: transfers, labels and spines, and what of them is allowed."""
