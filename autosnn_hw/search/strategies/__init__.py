"""Which genotypes come next."""
