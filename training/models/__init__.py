"""Kinds of model behind one interface."""
