"""Changes that would make a network fit."""
