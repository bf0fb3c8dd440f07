"""A run for a paper: its figures as files, its table in LaTeX."""
