"""ChipNetwork to file and back: one module a format."""
