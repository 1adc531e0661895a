"""Tuning: better parameters for a recipe, if there are any, by Optuna over rolling origins."""
