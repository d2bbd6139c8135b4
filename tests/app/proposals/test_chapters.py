"""Section codes for chapters: the surest first."""

from itertools import pairwise

from app.proposals.chapters import chapter_codes, chapter_proposals
from loinc_data.tables import TABLES_DIR, read_rows

LABELS = sorted({row["expression"] for row in read_rows(TABLES_DIR / "chapter_codes.csv", ";")})


def test_confidence_never_rises_with_the_rank() -> None:
    several = 0
    for label in (*LABELS, *(f"{one} et {other}" for one in LABELS for other in LABELS[::20])):
        proposals = chapter_proposals(label, chapter_codes())
        several += len(proposals) > 1
        assert [item.rank for item in proposals] == list(range(1, len(proposals) + 1))
        for better, worse in pairwise(proposals):
            assert worse.confidence <= better.confidence, label
    assert several > len(LABELS), "labels that name several chapters have several proposals"


def test_only_codes_of_the_release_are_proposed() -> None:
    label = LABELS[0]
    first = chapter_proposals(label, chapter_codes())[0]
    assert first.confidence == 0.9
    assert chapter_proposals(label, frozenset()) == []
    assert first.loinc_num not in {
        item.loinc_num for item in chapter_proposals(label, chapter_codes() - {first.loinc_num})
    }
