"""Everything we ship, read row by row with its place in the files."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loinc_data.checks import demonstration, lexicon, tables, terms
from loinc_data.checks.problem import Level, Problem, Row, read_sheet


@dataclass(slots=True)
class Material:
    """The rows of every shipped file, and what is wrong with the form of the files."""

    terms: list[Row] = field(default_factory=list)
    lexicon: list[Row] = field(default_factory=list)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    demonstration: dict[str, list[Row]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_material(folder: Path) -> Material:
    """Everything below the data folder; a missing file is a problem."""
    material = Material()

    def rows_of(path: Path, delimiter: str, header: Sequence[str], with_notice: bool = True) -> list[Row]:
        name = path.relative_to(folder).as_posix()
        if not path.is_file():
            material.problems.append(Problem(Level.ERROR, "missing", name, 0, "", "fichier absent"))
            return []
        rows, problems = read_sheet(path, name, delimiter, header, with_notice=with_notice)
        material.problems.extend(problems)
        return rows

    for path in sorted((folder / "starter").glob("*.csv")):
        material.terms.extend(rows_of(path, ",", terms.HEADER))
    for path in sorted((folder / "lexicon").glob("*.csv")):
        material.lexicon.extend(rows_of(path, ";", lexicon.HEADER))
    for name, header in tables.HEADERS.items():
        path = folder / "tables" / f"{name}.csv"
        material.tables[name] = rows_of(path, ";", header)
    for name, header in demonstration.HEADERS.items():
        found = sorted((folder / "demo").glob(f"{name}_*.csv"))
        path = found[0] if found else folder / "demo" / f"{name}.csv"
        material.demonstration[name] = rows_of(path, ";", header, with_notice=False)
    return material
