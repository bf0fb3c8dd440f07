"""The study: every candidate judged so far, in a database that optuna-dashboard reads."""
