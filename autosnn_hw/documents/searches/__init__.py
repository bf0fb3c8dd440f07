"""What is said of a search: its winner, its ranking, its cost, and several searches beside each other."""
