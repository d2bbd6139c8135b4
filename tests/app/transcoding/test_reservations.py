"""What a case tells of the engine's reading: what was not read, and what the score is made of."""

from app.transcoding.evidence import EvidenceLine, parts_of_score, reservations
from app.web.templating import format_points
from matcher.types import Axis, Verdict

LINES = [
    EvidenceLine(Axis.COMPONENT, Verdict.AGREE, "nommé", weight=9.2),
    EvidenceLine(Axis.SYSTEM, Verdict.UNKNOWN, "aucun milieu"),
    EvidenceLine(Axis.SCALE, Verdict.CONTRADICT, "échelle", weight=-3.1),
    EvidenceLine(Axis.COMPONENT, Verdict.UNKNOWN, "« xyz » n'est pas lu"),
    EvidenceLine(Axis.COMPONENT, Verdict.UNKNOWN, "fréquence d'usage", weight=0.8),
    EvidenceLine(Axis.COMPONENT, Verdict.AGREE, "vu ailleurs"),
]


def test_what_was_not_read_is_told_and_what_has_its_own_cell_is_not() -> None:
    assert [line.sentence for line in reservations(LINES)] == ["« xyz » n'est pas lu"]


def test_every_part_of_the_score_is_told_with_its_sign() -> None:
    parts = parts_of_score(LINES)
    assert [line.sentence for line in parts] == ["nommé", "échelle", "fréquence d'usage"]
    assert [format_points(line.weight) for line in parts] == ["+9,20", "−3,10", "+0,80"]
