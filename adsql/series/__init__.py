"""Algorithms for ordered series: numpy in, numpy out.

Values come in the order of time, NaN where one is missing. A `causal` result at a point uses nothing later than
the point; a `retrospective` one may.
"""
