"""What emitted reports carried, counted again from the CSV files of a pack alone; only the standard library.

Written, as `recompute`, as a stranger would who has the files and what LISEZMOI.txt says of them.
"""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from app.claims.reading_facts import Facts, FactsError, Row

WITHOUT_LOCAL_CODE, NOT_IN_CATALOGUE, NO_CHAPTER = "Sans code local", "Hors du catalogue", "Sans chapitre"
_WHOLE = re.compile(r"[0-9]{1,12}")
FINDINGS = {
    "with_loinc", "several_loinc", "local_only", "no_local_code", "not_in_catalogue", "differs_from_approved",
    "unknown_code", "deprecated", "outside_circuit", "placeholder", "unit_contradicts", "effective",
    "no_local_code_approved", "no_local_code_unapproved", "not_approved", "no_code_exists", "out_of_scope",
    "retired_emitted", "waiting_code", "unit_unread", "masked",
}  # fmt: skip
REPAIRS = (
    ("no_local_code", "local_code"), ("not_in_catalogue", "adopt"), ("retired_emitted", "retired"),
    ("not_approved", "approve"), ("several_loinc", "several"), ("local_only", "add"),
    ("differs_from_approved", "replace"), ("unit_contradicts", "unit"),
)  # fmt: skip
"""The first of these words that is said of results tells what is to be done; nothing where biologists settled that an
analysis has no code, and it carries none."""
MASKED = "•"


@dataclass(slots=True)
class Carried:
    """Everything that is counted of a run."""

    results: int = 0
    findings: Counter[str] = field(default_factory=Counter)
    """Word -> results."""
    local_codes: int = 0
    effective_local_codes: int = 0
    chapters: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Chapter -> effective results, results."""

    @property
    def effective(self) -> int:
        """Results that carry one code, the approved one, that counts."""
        return self.findings["effective"]

    @property
    def with_loinc_alone(self) -> int:
        """The same, with results without local code whose only code is approved for an analysis."""
        return self.findings["effective"] + self.findings["no_local_code_approved"]


def carried(facts: Facts) -> Carried:
    """The figures of the run of a pack; FactsError where a line is not what any run holds."""
    found = Carried()
    whole: dict[str, bool] = {}
    chapters: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for number, line in enumerate(facts.effective_counts, start=2):
        where = f"faits/effective_counts.csv, ligne {number}"
        results = whole_number(line["results"], where)
        words = _words(line, where)
        is_effective = "effective" in words
        found.results += results
        for word in words:
            found.findings[word] += results
        if line["local_code"]:
            whole[line["local_code"]] = whole.get(line["local_code"], True) and is_effective
        sums = chapters[_chapter(line, words)]
        sums[0] += results if is_effective else 0
        sums[1] += results
    found.local_codes, found.effective_local_codes = len(whole), sum(whole.values())
    found.chapters = {name: (done, results) for name, (done, results) in chapters.items()}
    return found


def whole_number(text: str, where: str) -> int:
    """A number of a fact."""
    if not _WHOLE.fullmatch(text):
        raise FactsError(f"{where} : « {text[:40]} » n'est pas un nombre")
    return int(text)


def _chapter(line: Row, words: list[str]) -> str:
    if "no_local_code" in words:
        return WITHOUT_LOCAL_CODE
    return NOT_IN_CATALOGUE if "not_in_catalogue" in words else line["chapter"] or NO_CHAPTER


def _words(line: Row, where: str) -> list[str]:
    """What is said of a line, where it can be said of what the line carries."""
    words = line["findings"].split(" ") if line["findings"] else []
    if words != sorted(set(words)) or not FINDINGS.issuperset(words):
        raise FactsError(f"{where} : « {line['findings'][:60]} » n'est pas ce que l'atelier dit de résultats")
    codes, local = line["loinc_codes"].split(), line["local_code"]
    approved = line["approved_codes"].split()
    told = {"with_loinc": bool(codes), "several_loinc": len(codes) > 1}
    if not is_erased(line):
        told |= {
            "no_local_code": not local,
            "local_only": bool(local) and not codes,
            "masked": local == MASKED,
            "differs_from_approved": bool(codes) and bool(approved) and set(approved).isdisjoint(codes),
            # An approved code may count for nothing: the words say so, and the line cannot.
            "effective": "effective" in words and bool(local) and len(codes) == 1 and codes[0] in approved,
        }
    for word, holds in told.items():
        if holds is not (word in words):
            raise FactsError(f"{where} : « {word} » ne se dit pas de ce que portent ces résultats")
    if line["repair"] != repair_of(words):
        raise FactsError(f"{where} : « {line['repair'][:20]} » n'est pas ce qui est à faire de ces résultats")
    return words


def is_erased(line: Row) -> bool:
    """Whether the local code of a line was erased: it had one, and the line does not say it any more."""
    return not line["local_code"] and "no_local_code" not in line["findings"].split(" ")


def repair_of(words: list[str]) -> str:
    """What is to be done first in the laboratory system; empty for nothing."""
    is_settled = "no_code_exists" in words or "out_of_scope" in words
    if is_settled and "local_only" in words and "retired_emitted" not in words:
        return ""
    return next((repair for word, repair in REPAIRS if word in words), "")
