"""Two sets of observations that many tests record, as clients send them. Free of Django."""

from typing import Any

# Complete, and scores 0.
WELL: dict[str, Any] = {
    "temperature": 36.8,
    "pulse": 72,
    "respiration": 14,
    "bp_sys": 124,
    "bp_dia": 78,
    "o2sat": 98,
    "supplemental_oxygen": False,
    "consciousness": "A",
}

# Complete, and scores 12 (high): it raises a deterioration.
ILL: dict[str, Any] = {
    "temperature": 39.4,
    "pulse": 128,
    "respiration": 26,
    "bp_sys": 98,
    "bp_dia": 60,
    "o2sat": 91,
    "supplemental_oxygen": False,
    "consciousness": "A",
}
