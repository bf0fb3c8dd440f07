"""Running a ChipNetwork: exact simulator, Lava, board; each gives the same Activity."""
