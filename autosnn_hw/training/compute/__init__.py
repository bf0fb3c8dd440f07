"""What makes training fast: kernels, Adam over flat memory, precision, threads."""
