"""Kernels of the training neurons: numba on CPU, Triton on CUDA, plain torch as the reference both are tested against.

All take rows of time: x (T, M), or (1, M) for an input that is constant over time.
"""
