"""Verifying a pack, without a database: the first thing that does not hold is named, in French."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

from app.claims.canonical_zip import Member, NotCanonicalError, read_zip
from app.claims.chain_check import check_chain
from app.claims.chain_files import FACTS, HEADS, LINKS, SALTS
from app.claims.collecting import JOURNAL
from app.claims.content import CONTENT, content_of
from app.claims.coverage_files import COVERAGE_NAMES
from app.claims.documents import FORMAT, MANIFEST, SUMS, documents
from app.claims.effective_checks import RunChecked, check_run
from app.claims.effective_tables import EFFECTIVE_FILES, EFFECTIVE_NAMES, EFFECTIVE_RUN
from app.claims.export_checks import EXPORTS, check_exports
from app.claims.fact_checks import check_facts
from app.claims.figures_files import Shown, shown_figures
from app.claims.inventory import Sums, manifest, sums_file
from app.claims.pack import REPORT_PDF, WITHOUT_PDF
from app.claims.past_facts import end_of_day
from app.claims.reading_facts import Facts, FactsError, read_facts
from app.claims.recompute import Moment
from app.claims.report_checks import REPORT_DOCUMENT, REPORT_ROWS, check_reports, same
from app.claims.tables import FILES, csv_bytes
from app.errors import InvalidInputError
from app.versions.canonical import content_sha256

MOST_READ, MOST_READ_WHOLE = 96 << 20, 512 << 20
"""Bytes of one file, and of all files, that are held in memory."""
FOLDERS = ("couverture/", EXPORTS, "rapport/")
"""What stands there is known by its hash; the report by its figures, and the exports by their codes, too."""
_BY_HASH = tuple(folder for folder in FOLDERS if folder != EXPORTS)
_READ = frozenset({
    LINKS, HEADS, FACTS, SALTS, CONTENT, MANIFEST, SUMS, REPORT_ROWS, REPORT_DOCUMENT, *COVERAGE_NAMES,
})  # fmt: skip
_DAMAGED = (csv.Error, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, ArithmeticError)


class PackRefusedError(InvalidInputError):
    """Something in the pack does not hold."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was verified."""

    fingerprint: str
    facts: Facts
    figures: list[Shown]
    files: int
    links: int
    past: list[Shown]
    """The figures of the day that was asked for."""
    run: RunChecked | None = None
    """What emitted reports carried, counted again; None where the pack holds no run."""


def verify_pack(path: Path, expected: str = "", day: date | None = None) -> Verdict:
    """Verify a pack; raises PackRefusedError at the first thing that does not hold.

    `expected`: the fingerprint that the workbench journaled. `day`: a past day whose figures are wanted.
    """
    with path.open("rb") as file:
        try:
            members, fingerprint = read_zip(file, path.stat().st_size)
            contents = _contents(file, members)
            verdict = _verified(members, contents, fingerprint, day)
        except (NotCanonicalError, FactsError) as error:
            raise PackRefusedError(f"{error}.") from error
        except InvalidInputError as error:
            raise error if isinstance(error, PackRefusedError) else PackRefusedError(error.message) from error
        except _DAMAGED as error:
            raise PackRefusedError("ce que disent les fichiers du dossier ne peut être lu.") from error
    if expected and expected.strip().lower() != fingerprint:
        raise PackRefusedError(
            f"l'empreinte du dossier, {fingerprint}, n'est pas celle qui est attendue, {expected.strip()[:80]} : ce "
            "dossier se tient, mais ce n'est pas celui que l'atelier a inscrit à son journal."
        )
    return verdict


def _contents(file: BinaryIO, members: list[Member]) -> dict[str, bytes]:
    """What is read to be understood, by name; the other files are known by their hashes."""
    fixed = {file.name for file in FILES} | _READ
    if any(member.name in EFFECTIVE_NAMES for member in members):
        fixed |= EFFECTIVE_NAMES
    wanted = [member for member in members if member.name in fixed or member.name == REPORT_PDF
              or not member.name.startswith((*_BY_HASH, JOURNAL))]  # fmt: skip
    for member in wanted:
        if member.size > MOST_READ:
            raise NotCanonicalError(f"« {member.name} » : {member.size} octets, plus que tout fichier de l'atelier")
    if sum(member.size for member in wanted) > MOST_READ_WHOLE:
        raise NotCanonicalError("les fichiers du dossier sont plus volumineux que tous ceux de l'atelier")
    missing = fixed - {member.name for member in members}
    if missing:
        raise NotCanonicalError(f"« {min(missing)} » manque au dossier")
    found = {}
    for member in wanted:
        file.seek(member.offset)
        found[member.name] = file.read(member.size)
    return found


def _verified(members: list[Member], contents: Mapping[str, bytes], fingerprint: str, day: date | None) -> Verdict:
    sums = [Sums(member.name, member.size, member.sha256) for member in members]
    same(SUMS, contents[SUMS], sums_file(_in_order(sums)))
    facts = _facts(contents)
    same(MANIFEST, contents[MANIFEST], manifest(facts.state, [one for one in sums if one.name not in _LISTS]))
    run = check_run(facts)
    moment = Moment(facts)
    rebuilt = documents(moment)
    _refuse_strangers(contents, set(rebuilt))
    for name, content in rebuilt.items():
        if name not in contents:
            raise NotCanonicalError(f"« {name} » manque au dossier")
        same(name, contents[name], content)
    same(CONTENT, contents[CONTENT], content_of(moment))
    if content_sha256(contents[CONTENT]) != facts.state["content_sha256"]:
        raise FactsError("faits/state.csv : l'empreinte du contenu n'est pas celle du transcodage")
    figures = shown_figures(moment)
    _check_pdf(members, contents, facts)
    check_exports({name: contents[name] for name in contents if name.startswith(EXPORTS)}, facts, moment)
    head = check_chain(contents, facts)
    check_reports(contents, moment)
    past = shown_figures(Moment(facts, _asked(facts, day))) if day else []
    return Verdict(fingerprint, facts, figures, len(members), head.position if head else 0, past, run)


_LISTS = (MANIFEST, SUMS)


def _in_order(sums: list[Sums]) -> list[Sums]:
    """As they are listed: the manifest comes last, and the list does not list itself."""
    return [one for one in sums if one.name not in _LISTS] + [one for one in sums if one.name == MANIFEST]


def _asked(facts: Facts, day: date) -> str:
    moment = end_of_day(day)
    if moment < facts.state["first_received_at"]:
        raise FactsError(f"le {day:%d/%m/%Y}, ce catalogue n'avait encore rien reçu")
    return min(moment, facts.now)


def _facts(contents: Mapping[str, bytes]) -> Facts:
    files = (*FILES, *EFFECTIVE_FILES) if EFFECTIVE_RUN.name in contents else FILES
    facts = read_facts({file.table: contents[file.name] for file in files},
                       {file.table: list(file.columns) for file in files})  # fmt: skip
    check_facts(facts, FORMAT)
    if EFFECTIVE_RUN.name in contents and not facts.effective_run:
        raise FactsError(f"« {EFFECTIVE_RUN.name} » ne dit aucune mesure")
    for file in files:
        lines = facts.state.items() if file.table == "state" else (row.values() for row in getattr(facts, file.table))
        same(file.name, contents[file.name], csv_bytes(file.columns, [list(line) for line in lines]))
    return facts


def _refuse_strangers(contents: Mapping[str, bytes], rebuilt: set[str]) -> None:
    known = rebuilt | {file.name for file in FILES} | EFFECTIVE_NAMES
    known |= _READ | {REPORT_PDF}
    for name in contents:
        if name not in known and not name.startswith(EXPORTS):
            raise NotCanonicalError(f"« {name} » n'a pas sa place dans un dossier de preuve")


def _check_pdf(members: list[Member], contents: Mapping[str, bytes], facts: Facts) -> None:
    """The report in PDF is there, unless the state says that it was not asked for."""
    is_there = any(member.name == REPORT_PDF for member in members)
    if is_there is (WITHOUT_PDF in facts.state):
        said = "est au dossier, que faits/state.csv dit sans lui" if is_there else "manque au dossier"
        raise FactsError(f"« {REPORT_PDF} » {said}")
    if is_there and not contents[REPORT_PDF].startswith(b"%PDF-"):
        raise FactsError(f"« {REPORT_PDF} » : ce n'est pas un PDF")
