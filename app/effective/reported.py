"""What a report says of the last run that was kept: its figures beside the coverage, and what to repair first. Pure.

Made of a run as the database has it, and again of the CSV of an evidence pack by whoever verifies one: the same words.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from app.coverage.definitions import Definition, Figure
from app.coverage.report import CoverageReport
from app.coverage.wording import NO_CHAPTER
from app.effective import wording
from app.effective.lines import NOT_IN_CATALOGUE, WITHOUT_LOCAL_CODE, Figures, Line, Share
from app.effective.repairs import TITLES, Repair, repair_of, sentence
from app.effective.sampling import Sample
from app.models import Level
from app.text import counted, format_number, paris_time, release_title, share_text

TITLE = "Transcodage effectif"
UNMEASURED = (
    "Le transcodage effectif n’a pas été mesuré\u202f: aucun compte rendu émis n’a été comparé à ce catalogue, ou "
    "toute mesure a été retirée."
)
NO_REPAIR = "Rien à corriger dans ces comptes rendus."
REPAIRS_SHOWN = 50
"""Lines of what to repair that a document holds; tables hold them all."""
REPAIRS = (
    "À faire", "Code local", "Libellé", "Chapitre", "Codes LOINC envoyés", "Unité", "Résultats", "Comptes rendus",
    "Que faire dans le SGL",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds of the share of effective results, as they are printed, with two decimals: « 71,20 % »."""

    low: str
    high: str
    """Both empty where nothing was read."""
    is_drawn: bool
    """Whether reports were drawn again; otherwise they all tell the same share, and the bounds are those of Wilson."""
    reports: int
    """Reports that carry a result."""

    @classmethod
    def of(cls, sample: Sample) -> "Interval":
        """That of a sample of all results."""
        if not sample.results:
            return cls("", "", False, 0)
        return cls(_percent(sample.low), _percent(sample.high), sample.variance > 0, sample.reports)

    @property
    def text(self) -> str:
        """As a person reads it: « de 71,20 % à 83,51 % »."""
        return f"de {self.low} à {self.high}" if self.low else ""

    @property
    def note(self) -> str:
        """What makes it."""
        return wording.interval_note(self.reports, self.is_drawn)


NO_INTERVAL = Interval("", "", False, 0)


def _percent(bound: float) -> str:
    """A bound in [0, 1], rounded down exactly as pages do: the number is the one that is written."""
    exact = Fraction(repr(float(bound)))
    return share_text(exact.numerator, exact.denominator)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTold:
    """A kept run, wherever it was read from."""

    measured_at: datetime
    """Of the catalogue and the terminology that it was judged against."""
    author: str
    """Empty for the command line."""
    period_from: date | None
    period_to: date | None
    release_version: str
    is_release_in_service: bool
    """Whether the contents of that release are those in service at the moment of the report."""
    circuit: str
    """The list *Circuit de la biologie*; empty where none was loaded."""
    is_circuit_in_service: bool
    figures: Figures
    """Of its lines, in the order in which they were kept."""
    interval: Interval


@dataclass(frozen=True, slots=True)
class ShareTold:
    """A share, what it counts, and how sure it is."""

    name: str
    share: Share
    interval: str
    """Empty where none is given."""
    definition: str


@dataclass(frozen=True, slots=True)
class ChapterTold:
    """What the results of a chapter carried, beside its coverage."""

    name: str
    carried: Share
    covered: Share


@dataclass(frozen=True, slots=True)
class EffectiveSection:
    """What a report says of the last run that was kept."""

    facts: tuple[tuple[str, str], ...]
    """Heading and text."""
    moved: tuple[str, ...]
    """What changed since, of what it was compared with."""
    shares: tuple[ShareTold, ...]
    """Those of the run, then the coverage."""
    interval_note: str
    chapters: tuple[ChapterTold, ...]
    repairs: tuple[tuple[str, ...], ...]
    """All of them, the most numerous results first, in the columns of REPAIRS."""

    @property
    def shown(self) -> tuple[tuple[str, ...], ...]:
        """What a document holds of what to repair."""
        return self.repairs[:REPAIRS_SHOWN]

    @property
    def left(self) -> int:
        """How many lines tables alone hold."""
        return len(self.repairs) - len(self.shown)


@dataclass(frozen=True)
class SectionMaker:
    """Makes the section of a report; `approved_now` and `labels` are by local code, as the catalogue says them now."""

    run: RunTold
    coverage: CoverageReport
    approved_now: Mapping[str, Sequence[str]]
    """LOINC codes that biologists approved, sorted; codes without any may be left out."""
    labels: Mapping[str, str]
    unread: Collection[str] = ()
    """Local codes of the rows whose decision is hidden from who reads: nothing is said of what they carried."""

    def section(self) -> EffectiveSection:
        """The section."""
        return EffectiveSection(
            facts=tuple(self._facts()),
            moved=tuple(moved_since(self.run, self.approved_now)),
            shares=tuple(self._shares()),
            interval_note=self.run.interval.note,
            chapters=tuple(chapters_told(self.run.figures, self.coverage.chapters.get(Level.ANALYSIS, {}))),
            repairs=tuple(
                repair_cells(line, self.labels) for line in to_repair(self.run) if line.local not in self.unread
            ),
        )

    def _facts(self) -> Iterable[tuple[str, str]]:
        run = self.run
        by = f"par {run.author}" if run.author else "par la ligne de commande"
        yield "Mesure", f"gardée {by}, faite le {paris_time(run.measured_at)} (heure de Paris)"
        yield "Comptes rendus", wording.period_text(run.period_from, run.period_to) or "période non précisée"
        yield "Lu", read_text(run.figures)
        circuit = f"liste {run.circuit}" if run.circuit else "sans la liste Circuit de la biologie"
        yield "Comparé à", f"ce qui était approuvé alors, {release_title(run.release_version)}, {circuit}"

    def _shares(self) -> Iterable[ShareTold]:
        figures, interval = self.run.figures, self.run.interval.text
        yield ShareTold("Par résultats", figures.by_results, interval, wording.BY_RESULTS)
        yield ShareTold(
            "Par résultats, avec ceux qui n’ont pas de code local", figures.with_loinc_alone, "",
            wording.WITH_LOINC_ALONE,
        )  # fmt: skip
        yield ShareTold("Par codes locaux", figures.by_codes, "", wording.BY_CODES)
        yield ShareTold("Couverture du catalogue", covered_share(self.coverage), "", wording.COVERAGE)


def moved_since(run: RunTold, approved_now: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """What changed since a run, of what it was compared with; `approved_now` as `SectionMaker` has it."""
    if not run.is_release_in_service:
        yield (
            f"Depuis cette mesure, faite avec {release_title(run.release_version)}, la version de LOINC en service "
            "a changé."
        )
    if not run.is_circuit_in_service:
        yield "Depuis cette mesure, la liste Circuit de la biologie en service a changé."
    then = {line.local: line.approved for line in run.figures.lines if line.local}
    if changed := sum(tuple(approved_now.get(local, ())) != approved for local, approved in then.items()):
        codes = counted(changed, "code local vu", "codes locaux vus")
        yield (
            f"Depuis cette mesure, ce qui est approuvé a changé pour {codes}\u202f: elle dit ce qui valait le "
            f"{paris_time(run.measured_at)}. Seule une nouvelle mesure dira ce que portent les comptes rendus depuis."
        )


def to_repair(run: RunTold) -> list[Line]:
    """The lines of a run that ask for something, those of most results first."""
    found = [line for line in run.figures.lines if repair_of(line.findings) is not Repair.NONE]
    return sorted(found, key=lambda line: -line.results)


def covered_share(coverage: CoverageReport) -> Share:
    """The coverage of a catalogue by the default definition."""
    found = next((figure for definition, figure in coverage.figures if definition == Definition()), None)
    return Share(found.numerator, found.denominator) if found else Share(0, 0)


def read_text(figures: Figures) -> str:
    """What was read: files, reports, results; what was left out is said."""
    level1 = format_number(figures.level1_reports)
    said = [
        counted(figures.files, "fichier", "fichiers"),
        f"{counted(figures.reports, 'compte rendu', 'comptes rendus')} dont {level1} sans résultat structuré",
        counted(figures.results, "résultat", "résultats"),
    ]
    if figures.deleted_reports:
        said.append(
            counted(figures.deleted_reports, "compte rendu repris par le SGL", "comptes rendus repris par le SGL")
        )
    if figures.damaged:
        said.append(counted(figures.damaged, "partie abîmée, laissée de côté", "parties abîmées, laissées de côté"))
    return ", ".join(said)


def chapters_told(figures: Figures, covered: Mapping[str, Figure]) -> list[ChapterTold]:
    """The chapters of the catalogue in its order, then those of the run alone, then what is in none."""
    by_name = {name or NO_CHAPTER: Share(figure.numerator, figure.denominator) for name, figure in covered.items()}
    order = [*by_name, *(name for name in figures.by_chapter if name not in by_name)]
    last = (NOT_IN_CATALOGUE, WITHOUT_LOCAL_CODE)
    order = [name for name in order if name not in last] + [name for name in last if name in order]
    none = Share(0, 0)
    return [ChapterTold(name, figures.by_chapter.get(name, none), by_name.get(name, none)) for name in order]


def repair_cells(line: Line, labels: Mapping[str, str]) -> tuple[str, ...]:
    """A line of what to repair, in the columns of REPAIRS."""
    repair = repair_of(line.findings)
    return (
        TITLES[repair], line.local, labels.get(line.local, ""), line.group, " ".join(line.loinc), line.unit,
        str(line.results), str(line.reports), sentence(repair, line),
    )  # fmt: skip
