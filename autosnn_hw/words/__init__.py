"""Numbers and progress as people read them."""
