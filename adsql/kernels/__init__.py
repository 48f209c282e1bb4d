"""Scoring kernels: compiled once, cached on disk, run without the GIL, one row at a time.

A kernel computes every row with the same operations in the same order, whatever rows surround it; none uses
fastmath, which would let the compiler reorder sums.
"""
