"""The shapes in which money is gathered, spread and passed on."""
