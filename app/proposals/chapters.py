"""Chapters and sub-chapters of a catalogue → LOINC codes of report sections."""

from collections import Counter
from collections.abc import Container, Mapping
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


@lru_cache(maxsize=1)
def french_chapters() -> Mapping[str, str]:
    """Code -> how French laboratories call the chapter: the first expression of our table for it."""
    found: dict[str, str] = {}
    for row in read_rows(TABLES_DIR / "chapter_codes.csv", ";"):
        found.setdefault(row["loinc"], row["expression"])
    return found


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


OF_THE_PARENT = 0.5
"""What a word of the chapter above counts for, beside one of the label itself."""
POINTED_AT = 0.5
"""From which share of a word on a code is the likely one, and not only the first of a list."""


@lru_cache(maxsize=1)
def _counts() -> tuple[dict[str, Counter[str]], Counter[str]]:
    """(word -> code -> expressions of our table with it, code -> its expressions)."""
    of_words: dict[str, Counter[str]] = {}
    of_codes: Counter[str] = Counter()
    for row in read_rows(TABLES_DIR / "chapter_codes.csv", ";"):
        of_codes[row["loinc"]] += 1
        for word in set(words(row["expression"])):
            of_words.setdefault(word, Counter())[row["loinc"]] += 1
    return of_words, of_codes


def likeliest_first(label: str, parent: str, chapters: Mapping[str, str]) -> tuple[list[str], bool]:
    """The codes of a list (code -> name) for a chapter that nothing was proposed for, and whether a word of its label
    points at the first one.

    A word is shared out among the codes whose expressions hold it; where no word tells, the code of most expressions
    of our table comes first.
    """
    of_words, of_codes = _counts()
    said, above = dict.fromkeys(chapters, 0.0), dict.fromkeys(chapters, 0.0)
    for text, points in ((label, said), (parent, above)):
        for word in set(words(text)):
            found = of_words.get(word, Counter())
            every = {code: found[code] + (word in words(name)) for code, name in chapters.items()}
            total = sum(every.values())
            for code, number in every.items():
                points[code] += number / total if total else 0.0
    ordered = sorted(chapters, key=lambda code: (-(said[code] + OF_THE_PARENT * above[code]), -of_codes[code], code))
    return ordered, bool(ordered) and said[ordered[0]] >= POINTED_AT
