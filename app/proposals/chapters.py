"""Chapters and sub-chapters of a catalogue → LOINC codes of report sections."""

from collections.abc import Container
from functools import lru_cache

from loinc_data.tables import TABLES_DIR, read_rows
from matcher import Axis, Band, Evidence, Proposal, Verdict
from matcher.normalise.phrases import PhraseTable
from matcher.normalise.text import words


@lru_cache(maxsize=1)
def _table() -> PhraseTable[tuple[str, str]]:
    rows = read_rows(TABLES_DIR / "chapter_codes.csv", ";")
    return PhraseTable((row["expression"], (row["loinc"], row["label"])) for row in rows)


def chapter_codes() -> frozenset[str]:
    """Every code that a chapter may receive."""
    return frozenset(code for values in _table().values.values() for code, _name in values)


def chapter_codes_with_names() -> list[tuple[str, str]]:
    """(code, French name) of every code that our table gives to chapters, by name."""
    return sorted({value for values in _table().values.values() for value in values}, key=lambda item: item[1])


def chapter_proposals(label: str, known: Container[str]) -> list[Proposal]:
    """Section codes for a chapter label, the whole label before its parts; only codes of the release."""
    whole = _table().get(label)
    parts = [value for hit in _table().scan(words(label)) for value in hit.values]
    proposals: list[Proposal] = []
    for code, name in dict.fromkeys([*whole, *parts]):
        if code not in known:
            continue
        sure = (code, name) in whole
        sentence = (
            f"« {label} » correspond au chapitre LOINC {name}."
            if sure
            else f"« {label} » évoque le chapitre LOINC {name}."
        )
        verdict = Verdict.AGREE if sure else Verdict.COMPATIBLE
        confidence = 0.9 if sure and not proposals else 0.5 if not proposals else 0.1
        band = Band.TO_CHECK if confidence >= 0.6 else Band.UNCERTAIN
        proposals.append(
            Proposal(
                len(proposals) + 1,
                code,
                confidence,
                band,
                (Evidence(Axis.COMPONENT, verdict, sentence, label, name),),
            )
        )
    return proposals[:10]
