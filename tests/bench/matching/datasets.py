"""Labelled cases: ours, and those of a development folder when it is present."""

import csv
import os
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from itertools import dropwhile
from pathlib import Path

from matcher.types import LocalTest

CASES = Path(__file__).resolve().parent / "cases.csv"
READ_TWICE = Path(__file__).resolve().parent / "read_twice.csv"
"""Rows that judged until the work knew them; now they are learned from like the others."""
FOLDER_VARIABLE = "TRANSCODEUR_BENCH_DATA"
_ENGLISH = re.compile(r"(?:^|[-_])(?:US|EN)(?:[-_]|$)", re.IGNORECASE)
SET_TIER = "SET"


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled row: the local test, the best code, and the codes that a biologist would accept as well."""

    case_id: str
    group: str
    test: LocalTest
    best: str
    acceptable: frozenset[str]
    tier: str

    @property
    def shape(self) -> str:
        """What the row tells, for figures of rows that are alike: language, specimen, unit."""
        if _ENGLISH.search(self.group):
            return "English"
        if self.test.unit:
            return "French: label, specimen, unit" if self.test.specimen else "French: label, unit"
        return "French: label, specimen" if self.test.specimen else "French: label only"

    @property
    def right(self) -> frozenset[str]:
        """Every code that counts as right."""
        return self.acceptable | ({self.best} if self.best else frozenset())


def bench_folder() -> Path | None:
    """The development folder named by the environment, when it is there."""
    name = os.environ.get(FOLDER_VARIABLE, "")
    return Path(name) if name and Path(name).is_dir() else None


def read_cases(path: Path) -> list[Case]:
    """Cases of one file; the group is the laboratory, so that splits never cut through one."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = dropwhile(lambda line: line.startswith("#"), file)
        rows = list(csv.DictReader(lines, delimiter=";"))
    return [
        Case(
            case_id=row["case_id"],
            group=row.get("laboratory") or row.get("source") or path.stem,
            test=LocalTest(
                code="",
                label=row["libelle"],
                synonym=row.get("synonyme", ""),
                specimen=row.get("milieu", ""),
                unit=row.get("unite", ""),
                technique=row.get("technique", ""),
                scale=row.get("echelle", ""),
                timing=row.get("temporalite", ""),
                nabm=row.get("nabm", ""),
                chapter=row.get("chapitre", ""),
                exam=row.get("examen", ""),
            ),
            best=row["loinc"].strip(),
            acceptable=frozenset(row.get("acceptable", "").split()),
            tier=row.get("tier", ""),
        )
        for row in rows
    ]


def nabm_cases(path: Path) -> list[Case]:
    """Act labels with the set of codes aligned with each: one case a distinct label."""
    codes: dict[str, set[str]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            codes.setdefault(row["Libellé NABM"].strip(), set()).add(row["Code LOINC"].strip())
    return [
        Case(f"nabm{position}", "nabm", LocalTest(label=label), "", frozenset(found), SET_TIER)
        for position, (label, found) in enumerate(sorted(codes.items()))
    ]


def find_release(folder: Path) -> Path | None:
    """The outermost LOINC release (unzipped) anywhere under a folder."""
    found = sorted(folder.glob("**/LoincTable/Loinc.csv"), key=lambda path: (len(path.parts), path))
    return found[0].parent.parent if found else None


def all_datasets(folder: Path | None) -> dict[str, list[Case]]:
    """Every labelled set at hand, by name."""
    sets: dict[str, list[Case]] = {}
    if CASES.is_file():
        sets["cases"] = read_cases(CASES)
        sets["read_twice"] = read_cases(READ_TWICE)
    if folder is not None:
        for path in sorted((folder / "gold").glob("*.csv")):
            sets[path.stem] = read_cases(path)
        alignment = folder / "loinc" / "nabm_loinc_2020.csv"
        if alignment.is_file():
            sets["nabm"] = nabm_cases(alignment)
    return sets


def answerable(cases: Iterable[Case], numbers: Container[str]) -> list[Case]:
    """The cases of which at least one right code is in the terminology."""
    return [case for case in cases if any(code in numbers for code in case.right)]


def tests_only(cases: Iterable[Case]) -> list[Case]:
    """The cases that have a right code; the others are rows that are no tests."""
    return [case for case in cases if case.right]
