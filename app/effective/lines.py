"""What results carried alike, judged: the one form of a line, fresh from a reading or kept with a run. Pure."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from app.coverage.wording import NO_CHAPTER

NOT_IN_CATALOGUE = "Hors du catalogue"
WITHOUT_LOCAL_CODE = "Sans code local"


class Finding(StrEnum):
    """What is said of results; they overlap. The value is the key of the JSON, and the word that is stored."""

    WITH_LOINC = "with_loinc"
    SEVERAL_LOINC = "several_loinc"
    LOCAL_ONLY = "local_only"
    """A local code and no LOINC code."""
    NO_LOCAL_CODE = "no_local_code"
    NOT_IN_CATALOGUE = "not_in_catalogue"
    """The catalogue has no analysis of this local code."""
    DIFFERS = "differs_from_approved"
    """Biologists approved codes for this local code, and the results carry others and none of these."""
    UNKNOWN = "unknown_code"
    """The release does not hold a LOINC code that they carry, or it is none."""
    DEPRECATED = "deprecated"
    OUTSIDE_CIRCUIT = "outside_circuit"
    PLACEHOLDER = "placeholder"
    UNIT_CONTRADICTS = "unit_contradicts"
    """The unit cannot express the property of a LOINC code that they carry."""

    EFFECTIVE = "effective"
    """Exactly one LOINC code, the one approved for the local code, that counts in the coverage."""
    BY_LOINC_ALONE = "no_local_code_approved"
    """No local code, and one LOINC code, approved for an analysis of the catalogue."""
    NO_LOCAL_UNAPPROVED = "no_local_code_unapproved"
    """No local code, and no LOINC code that an analysis of the catalogue has."""
    NOT_APPROVED = "not_approved"
    """The local code is in the catalogue, and no code that counts is approved for it."""
    NO_CODE_EXISTS = "no_code_exists"
    """Biologists approved that LOINC has no code for this analysis."""
    OUT_OF_SCOPE = "out_of_scope"
    """Biologists approved that this row is no analysis to transcode."""
    RETIRED = "retired_emitted"
    """The catalogue says that this analysis is no longer run."""
    WAITING_CODE = "waiting_code"
    UNIT_UNREAD = "unit_unread"
    MASKED = "masked"
    """The local code could tell of a person: it is not shown."""


CONTRACT = (
    Finding.WITH_LOINC, Finding.SEVERAL_LOINC, Finding.LOCAL_ONLY, Finding.NO_LOCAL_CODE, Finding.NOT_IN_CATALOGUE,
    Finding.DIFFERS, Finding.UNKNOWN, Finding.DEPRECATED, Finding.OUTSIDE_CIRCUIT, Finding.PLACEHOLDER,
    Finding.UNIT_CONTRADICTS,
)  # fmt: skip
"""The findings that programs rely on, in the order in which they are told."""


@dataclass(frozen=True, slots=True)
class Line:
    """Results that carried the same, what is said of them, and what the catalogue said of their code then."""

    local: str
    """Empty without."""
    loinc: tuple[str, ...]
    unit: str
    """In UCUM."""
    section: str
    results: int
    reports: int
    """Reports in which at least one of them stood."""
    findings: frozenset[Finding]
    approved: tuple[str, ...] = ()
    """LOINC codes that biologists had approved for the local code, sorted."""
    chapter: str = ""
    """Of the analysis, as the coverage counts it; empty for none."""

    @property
    def group(self) -> str:
        """The chapter under which the line is counted, as it is shown."""
        if Finding.NO_LOCAL_CODE in self.findings:
            return WITHOUT_LOCAL_CODE
        if Finding.NOT_IN_CATALOGUE in self.findings:
            return NOT_IN_CATALOGUE
        return self.chapter or NO_CHAPTER


@dataclass(frozen=True, slots=True)
class Share:
    """A share, exactly."""

    part: int
    total: int


@dataclass(frozen=True)
class Figures:
    """All that is counted of a reading. Nothing of it names a report."""

    reports: int
    level1_reports: int
    files: int
    damaged: int
    lines: Sequence[Line]
    """Each kind of result; of a kept run, some of them may be added up under one."""
    has_circuit: bool
    """Whether the list *Circuit de la biologie* was loaded: without it nothing is outside."""
    deleted_reports: int = 0
    """Reports that later messages took back as a whole."""
    known_codes: Share | None = None
    """`by_codes`, where the lines that are given do not tell it."""

    @cached_property
    def results(self) -> int:
        """Results that were read."""
        return sum(line.results for line in self.lines)

    @cached_property
    def counts(self) -> Mapping[Finding, int]:
        """Results by finding."""
        found: Counter[Finding] = Counter()
        for line in self.lines:
            for finding in line.findings:
                found[finding] += line.results
        return found

    def count(self, finding: Finding) -> int | None:
        """Results of a finding; None where nobody can tell."""
        if finding is Finding.OUTSIDE_CIRCUIT and not self.has_circuit:
            return None
        return self.counts.get(finding, 0)

    @property
    def by_results(self) -> Share:
        """The main figure: effective results among all results."""
        return Share(self.counts.get(Finding.EFFECTIVE, 0), self.results)

    @property
    def with_loinc_alone(self) -> Share:
        """The same, where a result without local code counts by its LOINC code alone."""
        part = self.counts.get(Finding.EFFECTIVE, 0) + self.counts.get(Finding.BY_LOINC_ALONE, 0)
        return Share(part, self.results)

    @cached_property
    def by_codes(self) -> Share:
        """Local codes all of whose results are effective, among the local codes seen."""
        if self.known_codes is not None:
            return self.known_codes
        whole: dict[str, bool] = {}
        for line in self.lines:
            if line.local:
                whole[line.local] = whole.get(line.local, True) and Finding.EFFECTIVE in line.findings
        return Share(sum(whole.values()), len(whole))

    @cached_property
    def by_chapter(self) -> dict[str, Share]:
        """Effective results among the results of each chapter; those of no chapter come last."""
        sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for line in self.lines:
            found = sums[line.group]
            found[0] += line.results if Finding.EFFECTIVE in line.findings else 0
            found[1] += line.results
        last = (NO_CHAPTER, NOT_IN_CATALOGUE, WITHOUT_LOCAL_CODE)
        order = sorted(sums, key=lambda name: (last.index(name) + 1 if name in last else 0, name.casefold(), name))
        return {name: Share(*sums[name]) for name in order}
