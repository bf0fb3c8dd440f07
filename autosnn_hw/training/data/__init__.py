"""Datasets: by name, from files, checked, split."""
