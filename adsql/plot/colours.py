"""The colours of pictures: told apart by those who do not see red and green, too."""

VALUE = "#1f3b57"
EXPECTED = "#4c8fc4"
BAND = "#d7e6f3"
ANOMALY = "#d62839"
INCIDENT = "#fde7b0"
SCORE = "#6b7a89"
