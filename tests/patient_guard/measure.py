"""Counts what the guard finds in the corpus and writes the page: `python -m tests.patient_guard.measure`.

With `--check` the page is only compared. Exit status 1 when a file is missed, or more than one alarm is false.
"""

import argparse
import sys
from pathlib import Path

from app.errors import ImportRefusedError
from app.files.archive import unpacked
from app.files.guard import refuse_patients
from app.patient_guard.refusal import PatientDataError
from tests.patient_guard.corpus import Case, cases

PAGE = Path("docs/security/garde.md")
MAX_BYTES = 50_000_000


def is_refused(case: Case) -> bool:
    """Whether the guard refuses a file because of patients."""
    try:
        for name, content in unpacked([(case.name, case.content)], MAX_BYTES):
            refuse_patients(name, content)
    except PatientDataError:
        return True
    except ImportRefusedError as error:
        return "atient" in error.message
    return False


def counted() -> dict[str, dict[str, list[int]]]:
    """« patients » or « innocents » -> kind -> [files, refused]."""
    found: dict[str, dict[str, list[int]]] = {"patients": {}, "innocents": {}}
    for case in cases():
        line = found["patients" if case.holds_patients else "innocents"].setdefault(case.kind, [0, 0])
        line[0] += 1
        line[1] += is_refused(case)
    return found


def page(found: dict[str, dict[str, list[int]]]) -> str:
    """The page, in French."""
    held, innocent = found["patients"], found["innocents"]
    files, refused = (sum(line[at] for line in held.values()) for at in (0, 1))
    clean, alarms = (sum(line[at] for line in innocent.values()) for at in (0, 1))
    lines = [
        "# La garde contre les données de patients",
        "",
        "Cette page est écrite par `python -m tests.patient_guard.measure` ; un test échoue quand elle n'est plus",
        "à jour. Les personnes de ces fichiers sont inventées. Ce qui est refusé, demandé ou laissé à un",
        "administrateur est dans la [décision 23](../adr/0023-patient-data.md).",
        "",
        f"{files} fichiers de patients : {refused} trouvés, {files - refused} manqués. "
        f"{clean} fichiers innocents : {alarms} fausses alertes.",
        "",
        "## Fichiers de patients",
        "",
        "| Sorte | Fichiers | Trouvés | Manqués |",
        "|---|---:|---:|---:|",
        *(f"| {kind} | {count} | {hit} | {count - hit} |" for kind, (count, hit) in held.items()),
        "",
        "## Fichiers innocents",
        "",
        "| Sorte | Fichiers | Fausses alertes |",
        "|---|---:|---:|",
        *(f"| {kind} | {count} | {hit} |" for kind, (count, hit) in innocent.items()),
        "",
    ]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Measure, then write the page or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare the page instead of writing it")
    asked = parser.parse_args(arguments)
    found = counted()
    text = page(found)
    if asked.check and PAGE.read_text(encoding="utf-8") != text:
        sys.stdout.write(f"{PAGE} n'est plus à jour\n")
        return 1
    if not asked.check:
        PAGE.write_text(text, encoding="utf-8")
    missed = sum(count - hit for count, hit in found["patients"].values())
    alarms = sum(hit for _, hit in found["innocents"].values())
    sys.stdout.write(f"manqués : {missed} ; fausses alertes : {alarms}\n")
    return int(missed > 0 or alarms > 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
