"""Help of a search's options for verbs that search nothing: each network of theirs has one size and is trained from scratch."""

WORDS = {
    "width": "Base width C; one.",
    "timesteps": "Steps a sample; one number. Event frames say theirs.",
    "retrain_epochs": "Epochs as floats, from scratch.",
    "learning_rate": "Of networks as floats (Adam, start of the cosine).",
    "distillation": "Share, in what a network learns, of the answers of a ReLU network of the same architecture, which is trained first.",
}
"""By field of `SearchConfig`."""
