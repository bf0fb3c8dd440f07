"""A whole space judged, as a tree whose branches share what they begin with."""
