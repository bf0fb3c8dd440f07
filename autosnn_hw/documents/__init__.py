"""Documents: plain data in, JSON-able data out; what commands, search and stages say, before anybody draws it."""
