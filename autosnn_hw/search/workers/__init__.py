"""Evaluations in this process, in several, or on a Dask cluster: the same numbers from each."""
