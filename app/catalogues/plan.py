"""From read files to what will be written: tests, links between exams and analyses, side data, warnings.

Nothing here touches the database: the plan is complete, or the import is refused.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.catalogues.plan_wording import SHOWN, said_of_ranges, some_rows
from app.catalogues.shared_codes import settle_shared, shared_advice
from app.errors import InputProblem
from app.files.advice import advice_on
from app.files.choices import Duplicates
from app.files.clashes import Clash
from app.files.fhir_catalogue import LEVEL_OF_WORD
from app.files.reading import ReadFile, ReadLine
from app.files.values import boolean, is_boolean, is_volume, volume
from app.models import FileKind, Level
from app.text import counted

if TYPE_CHECKING:
    from app.catalogues.side_data import SideTable

TEXT_COLUMNS = (
    "label", "synonym", "property_kind", "unit_code", "unit", "timing", "specimen_code", "specimen", "scale",
    "technique", "nabm", "chapter_code", "subchapter_code", "chapter", "executing_laboratory", "reference_range",
    "results", "exam",
)  # fmt: skip
"""The columns of a local test that hold the texts of its row."""
GATHERED = {"reference_range": " ; ", "results": " ; ", "exam": " / "}
"""What each row of one analysis may say otherwise, and what stands between: its reference values (by sex, by age), its
results, the exams that hold it."""
_MAX_CHAPTER_CODE = 60
_ANALYSES = "analyses"
_KEY = ("code", "unit_code", "unit", "specimen_code", "specimen")


@dataclass(slots=True)
class PlannedTest:
    """A local test to write."""

    level: Level
    code: str
    occurrence: int
    position: int
    file_index: int
    row_number: int
    values: dict[str, str]
    is_subcontracted: bool = False
    is_retired: bool = False
    annual_volume: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedLink:
    """An exam that contains an analysis."""

    exam_code: str
    analysis_code: str
    analysis_label: str


@dataclass(slots=True)
class ImportPlan:
    """Everything that an import will write."""

    files: list[ReadFile]
    tests: list[PlannedTest] = field(default_factory=list)
    links: list[PlannedLink] = field(default_factory=list)
    side_data: "SideTable | None" = None
    warnings: list[str] = field(default_factory=list)
    problems: list[InputProblem] = field(default_factory=list)
    unsettled: list[InputProblem] = field(default_factory=list)
    """What a person must choose first; nothing is wrong with the files otherwise."""
    updates: bool = False
    """The files are newer exports of what the catalogue holds: they are compared with it, not added to it."""

    @property
    def refusals(self) -> list[InputProblem]:
        """Everything that keeps the plan from being written."""
        return self.problems + self.unsettled

    def count(self, *levels: Level) -> int:
        """How many tests of these levels are planned."""
        return sum(test.level in levels for test in self.tests)


def make_plan(files: Sequence[ReadFile]) -> ImportPlan:
    """What these files, read together, will write. Problems are gathered, not raised."""
    plan = ImportPlan(list(files))
    planners = {
        FileKind.LOINC_1: _plan_chapters,
        FileKind.LOINC_2: _plan_exams,
        FileKind.LOINC_3: _plan_analyses,
        FileKind.TABULAR: _plan_analyses,
        FileKind.SIDE_DATA: _plan_side_data,
        FileKind.FHIR: _plan_fhir,
    }
    _refuse_twice(plan)
    for index, file in enumerate(plan.files):
        if file.can_be_planned:
            planners[file.kind](plan, file, index, file.lines())
    for file in plan.files:
        if file.can_be_planned:
            plan.warnings += advice_on(file)
        plan.problems += sorted(file.problems, key=lambda problem: problem.row or 0)
    return plan


def _refuse_twice(plan: ImportPlan) -> None:
    """Two files may not bring the same thing: which one is right could only be guessed."""
    seen: dict[str, str] = {}
    for file in plan.files:
        brings = {_ANALYSES if file.kind in (FileKind.LOINC_3, FileKind.TABULAR) else file.kind.value}
        if file.kind is FileKind.FHIR:
            brings = {_ANALYSES, FileKind.LOINC_1.value, FileKind.LOINC_2.value}
        same = [seen[item] for item in sorted(brings) if item in seen]
        if same:
            file.problem(f"ce fichier apporte la même chose que « {same[0]} » ; n'en gardez qu'un.")
        for item in brings:
            seen.setdefault(item, file.name)


def _plan_chapters(plan: ImportPlan, file: ReadFile, index: int, lines: Iterable[ReadLine]) -> None:
    """LOINC_1: each chapter once, each of its sub-chapters once. A missing code is replaced by the label."""
    chapters: dict[str, tuple[str, int]] = {}
    subchapters: dict[tuple[str, str], tuple[str, int]] = {}
    occurrences: dict[str, int] = {}
    for line in lines:
        code = line["chapter_code"] or line["chapter"]
        if max(len(code), len(line["subchapter_code"] or line["subchapter"])) > _MAX_CHAPTER_CODE:
            message = f"un chapitre sans code ne peut avoir un libellé de plus de {_MAX_CHAPTER_CODE} caractères."
            file.problem(message, line.row_number, "chapter")
            continue
        known = chapters.setdefault(code, (line["chapter"], line.row_number))
        if known[0] != line["chapter"]:
            message = f"le chapitre « {code} » a un autre libellé à la ligne {known[1]} (« {known[0]} »)."
            file.problem(message, line.row_number, "chapter")
        elif known[1] == line.row_number:
            _add(plan, Level.CHAPTER, code, 0, index, line, {"label": line["chapter"], "chapter_code": code})
        label = line["subchapter"] or line["subchapter_code"]
        if not label:
            continue
        sub_code = line["subchapter_code"] or label
        known = subchapters.setdefault((code, sub_code), (label, line.row_number))
        if known[0] != label:
            message = f"le sous-chapitre « {sub_code} » a un autre libellé à la ligne {known[1]} (« {known[0]} »)."
            file.problem(message, line.row_number, "subchapter")
        elif known[1] == line.row_number:
            # The same sub-chapter code under two chapters is two sub-chapters.
            occurrence = occurrences.get(sub_code, 0)
            occurrences[sub_code] = occurrence + 1
            values = {
                "label": label, "chapter_code": code, "subchapter_code": sub_code, "chapter": line["chapter"]
            }  # fmt: skip
            _add(plan, Level.SUBCHAPTER, sub_code, occurrence, index, line, values)


def _plan_exams(plan: ImportPlan, file: ReadFile, index: int, lines: Iterable[ReadLine]) -> None:
    """LOINC_2: one exam for all rows of its code, one link a row."""
    exams: dict[str, PlannedTest] = {}
    links: dict[tuple[str, str], int] = {}
    labels: dict[str, str] = {}
    doubled, renamed = 0, set()
    for line in lines:
        code = line["code"]
        exam = exams.get(code)
        if exam is None:
            exams[code] = _add(plan, Level.EXAM, code, 0, index, line, _copied(line))
            exams[code].is_retired = bool(boolean(line["is_retired"]))
        elif exam.values["label"] != line["label"]:
            message = f"l'examen « {code} » a un autre libellé à la ligne {exam.row_number}."
            file.problem(message, line.row_number, "label")
        else:
            for name, value in _copied(line).items():
                exam.values[name] = exam.values[name] or value
        analysis = line["analysis_code"]
        if not analysis and file.kind is FileKind.FHIR:
            continue
        if labels.setdefault(analysis, line["analysis_label"]) != line["analysis_label"]:
            renamed.add(analysis)
        if links.setdefault((code, analysis), line.row_number) != line.row_number:
            doubled += 1
            continue
        plan.links.append(PlannedLink(code, analysis, line["analysis_label"]))
    if doubled:
        repeats = counted(doubled, "ligne répète", "lignes répètent")
        plan.warnings.append(f"{file.name} : {repeats} un examen et une analyse déjà liés.")
    if renamed:
        plan.warnings.append(
            f"{file.name} : {counted(len(renamed), 'analyse porte', 'analyses portent')} plusieurs libellés "
            f"selon les examens ({_some(renamed)})."
        )


def _plan_analyses(plan: ImportPlan, file: ReadFile, index: int, lines: Iterable[ReadLine]) -> None:
    """LOINC_3, or a free catalogue. The key of LOINC_3 is the code; a free catalogue may repeat a code with
    another unit or specimen, which makes another analysis."""
    key_fields = _KEY if file.kind is FileKind.TABULAR else ("code",)
    # What a FHIR catalogue says twice of a code is for its author to settle.
    apart = ("results", "exam") if file.kind is FileKind.FHIR else tuple(GATHERED)
    content_fields = [name for name in file.columns if name not in ("analysis_code", "analysis_label", *apart)]
    groups: dict[tuple[str, ...], list[ReadLine]] = {}
    seen: dict[tuple[str, ...], int] = {}
    gathered: dict[int, list[ReadLine]] = {}
    for line in lines:
        key = tuple(line[name] for name in key_fields)
        content = (*key, *(line[name] for name in content_fields))
        first = seen.setdefault(content, line.row_number)
        gathered.setdefault(first, []).append(line)
        if first != line.row_number:
            file.repeats[line.row_number] = first
            continue
        groups.setdefault(key, []).append(line)
    kept = {line.row_number for group in groups.values() for line in _kept(file, group)}
    if file.kind is FileKind.TABULAR:
        kept = settle_shared(file, groups, kept)
    occurrences: dict[str, int] = {}
    everything = sorted((line for group in groups.values() for line in group), key=lambda line: line.row_number)
    for line in everything:
        if line.row_number in kept:
            code = line["code"]
            occurrence = occurrences.get(code, 0)
            occurrences[code] = occurrence + 1
            _add_analysis(plan, file, index, line, occurrence, gathered[line.row_number])
    file.clashes = [_clash(file, group, content_fields) for group in groups.values() if len(group) > 1]
    ranges = [rows for rows in gathered.values() if len({row["reference_range"] for row in rows}) > 1]
    joined = sum(len(rows) - 1 for rows in ranges)
    if len(file.repeats) > joined:
        repeats = counted(len(file.repeats) - joined, "ligne répète", "lignes répètent")
        plan.warnings.append(f"{file.name} : {repeats} une ligne précédente (mêmes valeurs).")
    if ranges:
        plan.warnings.append(said_of_ranges(file, ranges))
    plan.warnings += shared_advice(file)
    _settle_clashes(plan, file)


def _kept(file: ReadFile, group: list[ReadLine]) -> list[ReadLine]:
    """The rows of one key that come in, as the person chose."""
    choice = file.incoming.choices.duplicates
    if len(group) == 1 or (choice is Duplicates.KEEP and file.kind is not FileKind.FHIR):
        return group
    return group[:1] if choice is Duplicates.FIRST else []


def _clash(file: ReadFile, group: list[ReadLine], content_fields: Sequence[str]) -> Clash:
    differing = [name for name in content_fields if len({line[name] for line in group}) > 1]
    rows = tuple(line.row_number for line in group)
    return Clash(group[0]["code"], rows, tuple(file.heading(name) for name in differing))


def _settle_clashes(plan: ImportPlan, file: ReadFile) -> None:
    """Say what becomes of rows that share a code and differ, or that a person must choose."""
    if not file.clashes:
        return
    codes = counted(len(file.clashes), "code sert", "codes servent")
    examples = " ; ".join(
        f"« {clash.code} », lignes {some_rows(clash.rows)}" for clash in file.clashes[:SHOWN]
    )
    more = " ; …" if len(file.clashes) > SHOWN else ""
    where = f"{codes} à des lignes de contenu différent ({examples}{more})"
    left = sum(len(clash.rows) for clash in file.clashes)
    if file.kind is FileKind.FHIR:
        # Its resources point to each other by their codes: which one is meant cannot be chosen here.
        plan.problems.append(InputProblem(file.name, f"{where} ; corrigez-les dans le catalogue d'origine."))
        return
    match file.incoming.choices.duplicates:
        case None:
            message = f"{where} : choisissez ce qu'elles deviennent."
            plan.unsettled.append(InputProblem(file.name, message))
        case Duplicates.KEEP:
            plan.warnings.append(f"{file.name} : {where} ; toutes sont gardées, chacune comme une analyse.")
        case Duplicates.FIRST:
            said = counted(left - len(file.clashes), "ligne est laissée", "lignes sont laissées")
            plan.warnings.append(f"{file.name} : {where} ; la première est gardée, {said} de côté.")
        case Duplicates.LEAVE:
            said = counted(left, "ligne est laissée", "lignes sont laissées")
            plan.warnings.append(f"{file.name} : {where} ; {said} de côté.")


def _add_analysis(
    plan: ImportPlan, file: ReadFile, index: int, line: ReadLine, occurrence: int, alike: Sequence[ReadLine]
) -> None:
    said = {
        name: between.join(dict.fromkeys(text for row in alike if (text := row[name])))
        for name, between in GATHERED.items()
    }
    test = _add(plan, Level.ANALYSIS, line["code"], occurrence, index, line, _copied(line) | said)
    test.is_retired = bool(boolean(line["is_retired"]))
    if file.kind is FileKind.TABULAR:
        _read_flags(file, line)
        test.values["subchapter_code"] = line["subchapter_code"] or line["subchapter"][:_MAX_CHAPTER_CODE]
        test.is_subcontracted = bool(boolean(line["is_subcontracted"]))
        test.annual_volume = volume(line["annual_volume"])


def _plan_fhir(plan: ImportPlan, file: ReadFile, index: int, lines: Iterable[ReadLine]) -> None:
    """A FHIR catalogue brings chapters, exams and analyses: each level is planned like the file that has it alone."""
    by_level: dict[Level, list[ReadLine]] = {}
    for line in lines:
        by_level.setdefault(LEVEL_OF_WORD[line["level"]], []).append(line)
    _plan_chapters(plan, file, index, [*by_level.get(Level.CHAPTER, ()), *by_level.get(Level.SUBCHAPTER, ())])
    _plan_exams(plan, file, index, by_level.get(Level.EXAM, ()))
    _plan_analyses(plan, file, index, by_level.get(Level.ANALYSIS, ()))


def _plan_side_data(plan: ImportPlan, file: ReadFile, _index: int, lines: Iterable[ReadLine]) -> None:
    """Side data by code of analysis."""
    # Late: pandas takes a while to come, and most imports have no side file.
    from app.catalogues.side_data import SideTable

    read = list(lines)
    for line in read:
        _read_flags(file, line)
    plan.side_data = SideTable(file.name, read)
    for code, row_number, first in plan.side_data.repeats():
        file.problem(f"le code « {code} » est déjà à la ligne {first}.", row_number, "code")


def _read_flags(file: ReadFile, line: ReadLine) -> None:
    for name in ("is_subcontracted", "is_retired"):
        if not is_boolean(line[name]):
            file.problem(f"« {line[name]} » n'est ni oui ni non.", line.row_number, name)
    if not is_volume(line["annual_volume"]):
        message = f"« {line['annual_volume']} » n'est pas un nombre entier d'actes par an."
        file.problem(message, line.row_number, "annual_volume")


def _copied(line: ReadLine) -> dict[str, str]:
    return {name: line[name] for name in TEXT_COLUMNS}


def _add(
    plan: ImportPlan, level: Level, code: str, occurrence: int, index: int, line: ReadLine, values: dict[str, str]
) -> PlannedTest:
    test = PlannedTest(level, code, occurrence, len(plan.tests), index, line.row_number, values)
    plan.tests.append(test)
    return test


def _some(codes: Sequence[str] | set[str]) -> str:
    shown = sorted(codes)[:5]
    return ", ".join(shown) + (", …" if len(codes) > len(shown) else "")
