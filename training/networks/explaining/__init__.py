"""What a score of a network is made of."""
