"""One super-network for all architectures: shared weights, their training, and what a single one inherits."""
