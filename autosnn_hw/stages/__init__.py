"""The stages of the main job: each takes what the one before left in the run folder, and can be gone on with."""
