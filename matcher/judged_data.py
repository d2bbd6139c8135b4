"""Counted by `python -m tests.bench.matching.judge --freeze`; do not edit by hand."""

JUDGED: dict[str, tuple[int, int]] = {
    "sure": (173, 173),
    "to_check": (432, 452),
    "uncertain": (6, 15),
}
"""Band -> (right, all) of the rows that judge."""
