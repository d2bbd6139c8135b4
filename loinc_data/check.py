"""`python -m loinc_data.check`: every check of what we ship; answers 1 when there is an error."""

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from loinc_data.checks import demonstration, lexicon, tables, terms
from loinc_data.checks.frames import frame_of
from loinc_data.checks.known import Known
from loinc_data.checks.material import Material, read_material
from loinc_data.checks.problem import Level, Problem, Row, parts, typographic
from loinc_data.release import open_source, read_terms
from loinc_data.report import added_after, render
from loinc_data.tables import DATA_DIR
from matcher.normalise.units import UnitTable
from matcher.types import Term

HEADING = ("niveau (level)", "fichier (file)", "ligne (row)", "colonne (column)", "règle (rule)", "message")


def term_of(row: Row) -> Term:
    """A starter row as the matcher's term."""
    return Term(
        loinc_num=row["LOINC_NUM"],
        component=row["COMPONENT"],
        property=row["PROPERTY"],
        time_aspct=row["TIME_ASPCT"],
        system=row["SYSTEM"],
        scale_typ=row["SCALE_TYP"],
        method_typ=row["METHOD_TYP"],
        long_common_name=row["LONG_COMMON_NAME"],
        usage=int(row["FR_USAGE"]) if row["FR_USAGE"].isdigit() else 0,
    )


def check_material(
    material: Material, release: Mapping[str, Term] | None = None, known: Known | None = None
) -> list[Problem]:
    """All problems of the material, errors first; `release` adds what an official release says.

    `known` is `known_of(material, release)`, for who has it already.
    """
    starter = [term_of(row) for row in material.terms]
    known = known or known_of(material, release)
    units = unit_table(material.tables["units"])
    names = {term.loinc_num: term.long_common_name for term in [*(release or {}).values(), *starter]}
    problems = [
        *material.problems,
        *terms.check_terms(material.terms),
        *lexicon.check_lexicon(material.lexicon, known, units),
        *tables.check_tables(material.tables, material.terms, known, names),
        *demonstration.check_demonstration(material.demonstration, units),
    ]
    if release is not None:
        problems += terms.check_against(material.terms, release)
    return sorted(problems, key=lambda item: (item.level is not Level.ERROR, item.file, item.row, item.column))


def known_of(material: Material, release: Mapping[str, Term] | None = None) -> Known:
    """The LOINC values of the starter terms, those vouched for beside them, and those of a release."""
    by_axis = frame_of(material.tables["vouched"], ["axis", "value"]).groupby("axis")["value"]
    vouched = {str(axis): set(values) for axis, values in by_axis}
    terms_known = [*(term_of(row) for row in material.terms), *(release or {}).values()]
    return Known(terms_known, vouched, is_release=release is not None)


def unit_table(rows: Sequence[Row]) -> UnitTable:
    """The unit table as the matcher reads it."""
    return UnitTable(tuple((row["expression"], parts(row["ucum"]), parts(row["dimension"])) for row in rows))


def as_table(problems: Sequence[Problem]) -> str:
    """The problems one a line, columns aligned."""
    lines = [HEADING, *((p.level, p.file, str(p.row), p.column, p.rule, typographic(p.message)) for p in problems)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADING) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[-1]]).rstrip()
        for line in lines
    )


def summary(problems: Sequence[Problem], material: Material) -> str:
    """One line: how much was read, how many problems of each kind."""
    counts = Counter(problem.level for problem in problems)
    return typographic(
        f"{len(material.terms)} termes, {len(material.lexicon)} entrées de lexique, "
        f"{sum(len(rows) for rows in material.tables.values())} lignes de tables : "
        f"{counts[Level.ERROR]} erreur(s), {counts[Level.WARNING]} avertissement(s)."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m loinc_data.check", description="Vérifie la terminologie livrée.")
    parser.add_argument("--data", type=Path, default=DATA_DIR, help="dossier vérifié (par défaut, celui du paquet)")
    parser.add_argument(
        "--against", type=Path, help="distribution LOINC, zip ou dossier, à laquelle confronter les lignes"
    )
    parser.add_argument("--errors", action="store_true", help="ne montre pas les avertissements")
    parser.add_argument("--table", type=Path, help="écrit la page des effectifs de la terminologie dans ce fichier")
    options = parser.parse_args(arguments)
    material = read_material(options.data)
    release: dict[str, Term] | None = None
    if options.against:
        with open_source(options.against) as source:
            release = {term.loinc_num: term for term in read_terms(source)}
    known = known_of(material, release)
    problems = check_material(material, release, known)
    shown = [problem for problem in problems if problem.level is Level.ERROR or not options.errors]
    if shown:
        sys.stdout.write(as_table(shown) + "\n\n")
    sys.stdout.write(summary(problems, material) + "\n")
    unseen = lexicon.unverified(material.lexicon, known)
    if unseen:
        text = f"{unseen} composants du lexique sont hors du jeu de départ : seul --against peut les vérifier."
        sys.stdout.write(typographic(text) + "\n")
    if options.table:
        added = added_after(options.table.read_text(encoding="utf-8")) if options.table.is_file() else ""
        options.table.write_text(render(material, problems) + added, encoding="utf-8")
    return int(any(problem.level is Level.ERROR for problem in problems))


if __name__ == "__main__":
    sys.exit(main())
