"""Up to where integers, and so all partial sums of integers, are exact in floating point."""

from __future__ import annotations

EXACT_IN_FLOAT32 = 1 << 24
EXACT_IN_FLOAT64 = 1 << 53
