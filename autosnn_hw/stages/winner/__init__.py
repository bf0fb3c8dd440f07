"""What a run delivers: the winner (or another point of the front) exported, certified, and how it behaves."""
