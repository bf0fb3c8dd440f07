"""One module a verb: parses, calls, prints. Heavy imports happen inside the functions."""
