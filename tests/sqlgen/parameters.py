"""Parameters of the detectors that are no formula, or too large a one, by default."""

SMALL = {
    "ensemble": {"detectors": ["iqr", "mcd", "zscore"]},
    "iforest": {"n_estimators": 10, "max_samples": 32},
}
