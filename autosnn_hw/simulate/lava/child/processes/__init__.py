"""Lava Processes and ProcessModels, and nothing else: Lava's compiler executes every file of this folder at every run."""
