"""Training: neurons, super-network, trainer, datasets, fine-tuning with the integer forward."""
