"""ChipNetwork to file and back: one module or folder a format."""
