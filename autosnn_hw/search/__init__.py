"""Search: space, fitness, evolution, feedback and the study that stores it."""
