"""What a chip makes of a network: fit, placement, energy and time."""
