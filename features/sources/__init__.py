"""Readers that bring files, and later chain exports and nodes, into the contracts of features."""
