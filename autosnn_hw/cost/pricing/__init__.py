"""What events cost: energy, time, and what each constant contributes."""
