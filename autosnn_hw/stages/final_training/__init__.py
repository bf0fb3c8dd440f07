"""Networks with weights of their own: the finalists, the winner and what it is set beside, all trained alike."""
