"""Where samples come from: generators, and readers of the datasets' own files."""
