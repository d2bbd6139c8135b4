"""What a reading gives: JSON that programs rely on, sentences for people, and values for the journal."""

import json
from collections.abc import Iterator
from typing import Any

from app.effective import wording
from app.effective.lines import CONTRACT, Figures, Finding
from app.effective.measuring import Measured
from app.text import counted, format_number, paris_time

PRINTED = "effective.print"
EXTRAS = tuple(finding for finding in Finding if finding not in CONTRACT)


def counts_json(figures: Figures) -> dict[str, int | None]:
    """The counts by the names that programs rely on; None where nobody can tell."""
    return {
        "reports": figures.reports,
        "level1_reports": figures.level1_reports,
        "results": figures.results,
        **{finding.value: figures.count(finding) for finding in CONTRACT},
        "damaged": figures.damaged,
    }


def extra_json(figures: Figures) -> dict[str, int]:
    """What we count besides."""
    codes = figures.by_codes
    return {
        "files": figures.files,
        "deleted_reports": figures.deleted_reports,
        **{finding.value: figures.counts.get(finding, 0) for finding in EXTRAS},
        "local_codes": codes.total,
        "effective_local_codes": codes.part,
    }


def measured_json(measured: Measured, kept: str = "") -> str:
    """The whole reading for a program; `kept`: the identifier of the run that was kept."""
    figures, against = measured.figures, measured.against
    found: dict[str, Any] = {
        **counts_json(figures),
        **extra_json(figures),
        "catalogue": against.catalogue_id,
        "laboratory": against.laboratory_id,
        "measured_at": against.at.isoformat(),
        "release": against.release_version,
        "circuit": against.circuit.name if against.circuit else None,
        "coverage": {"numerator": against.coverage.numerator, "denominator": against.coverage.denominator},
        "chapters": [
            {"chapter": name, "effective": share.part, "results": share.total}
            for name, share in figures.by_chapter.items()
        ],
        "damaged_places": [{"place": item.place, "reason": item.reason} for item in measured.damaged],
        "kept": kept or None,
    }
    return json.dumps(found, ensure_ascii=False, indent=2)


def told_values(figures: Figures) -> dict[str, Any]:
    """What the journal says of a reading: counts, never a code that a report carried."""
    return {"counts": counts_json(figures) | extra_json(figures)}


def sentences(measured: Measured) -> Iterator[str]:
    """The reading for a person, line by line; every percentage stands beside its definition."""
    figures, against = measured.figures, measured.against
    yield f"{against.laboratory} — {against.catalogue}"
    yield f"{against.release_title}, le {paris_time(against.at)}"
    yield ", ".join(
        (
            counted(figures.files, "fichier lu", "fichiers lus"),
            counted(figures.reports, "compte rendu", "comptes rendus"),
            f"dont {format_number(figures.level1_reports)} sans résultat structuré (niveau 1)",
            counted(figures.results, "résultat", "résultats"),
        )
    )
    if figures.damaged:
        yield counted(figures.damaged, "partie abîmée, laissée de côté", "parties abîmées, laissées de côté")
    yield wording.WHAT_IS_A_RESULT
    coverage = against.coverage
    for name, part, total, definition in (
        ("Transcodage effectif, par résultats", figures.by_results.part, figures.by_results.total, wording.BY_RESULTS),
        (
            "Avec les résultats sans code local", figures.with_loinc_alone.part, figures.with_loinc_alone.total,
            wording.WITH_LOINC_ALONE,
        ),
        ("Transcodage effectif, par codes locaux", figures.by_codes.part, figures.by_codes.total, wording.BY_CODES),
        ("Couverture du catalogue", coverage.numerator, coverage.denominator, wording.COVERAGE),
    ):  # fmt: skip
        yield f"{name} : {wording.share_sentence(part, total)}"
        yield f"  {definition}"
    yield "Résultats :"
    for finding in (*CONTRACT, *EXTRAS):
        number = figures.count(finding)
        yield f"  {format_number(number):>9}  {wording.NAMES[finding]}"
    yield wording.OVERLAP
    if not figures.has_circuit:
        yield wording.NO_CIRCUIT
    yield "Par chapitre :"
    for chapter, share in figures.by_chapter.items():
        yield f"  {wording.share_sentence(share.part, share.total)}  {chapter}"
    yield f"  {wording.BY_CHAPTER}"
    yield wording.NO_PATIENT
