"""Networks that begin alike: what their shared first blocks are and do is found once for all of them."""
