"""The facts of a pack as CSV: which tables, which columns, and how a cell is written. Pure.

Semicolons, UTF-8 with its mark, CRLF, so that a French spreadsheet opens them by a double click. A text that a
spreadsheet would compute is written behind an apostrophe, and so is one that begins with an apostrophe: a reader takes
one apostrophe off, and has the text as it was.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MARK = b"\xef\xbb\xbf"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "\uff1d", "\uff0b", "\uff0d", "\uff20", "'")
YES, NO = "oui", "non"


@dataclass(frozen=True, slots=True)
class FactFile:
    """A table of facts."""

    name: str
    """In the pack."""
    columns: dict[str, str]
    """Heading -> what the column says, in French."""

    @property
    def table(self) -> str:
        """The name of the table alone."""
        return self.name.split("/")[1].removesuffix(".csv")


_ROW = "identifiant public de la ligne (rows.csv)"
_PERSON = "identifiant public de la personne (people.csv)"
STATE = FactFile("faits/state.csv", {"name": "ce qui est dit", "value": "sa valeur"})
ROWS = FactFile(
    "faits/rows.csv",
    {
        "row": "identifiant public, qui ne change jamais",
        "level": "analysis (analyse), exam (examen), chapter (chapitre) ou subchapter (sous-chapitre)",
        "code": "code local",
        "occurrence": "rang parmi les lignes de même code, à partir de 0",
        "label": "libellé local",
        "synonym": "synonyme",
        "chapter_code": "code du chapitre",
        "subchapter_code": "code du sous-chapitre",
        "chapter": "libellé du chapitre, quand il est connu",
        "specimen_code": "code du milieu",
        "specimen": "milieu",
        "unit_code": "code de l'unité",
        "unit": "unité",
        "technique": "technique",
        "scale": "échelle",
        "timing": "temporalité",
        "property_kind": "grandeur",
        "nabm": "codes NABM",
        "executing_laboratory": "laboratoire exécutant",
        "is_subcontracted": "sous-traitée (oui, non)",
        "is_retired": "n'est plus réalisée (oui, non)",
        "retired_at": "depuis quand un nouvel export ne la contient plus",
        "annual_volume": "volume annuel, vide quand il n'est pas connu",
    },
)
DECISIONS = FactFile(
    "faits/decisions.csv",
    {
        "fact": "identifiant public du fait",
        "row": _ROW,
        "at": "moment",
        "action": "choose (code choisi), no_loinc (aucun code), out_of_scope (hors périmètre), doubt (doute), approve "
        "(approuvée), send_back et reimport (renvoyée), undo (annule un fait), comment, flag…",
        "loinc_num": "code LOINC",
        "relation": "relation du code à la ligne",
        "reason": "motif",
        "comment": "commentaire",
        "justification": "justification",
        "author": _PERSON,
        "author_role": "son rôle ce jour-là",
        "release": "version de LOINC sous les yeux (releases.csv)",
        "supersedes": "le fait qui valait avant",
        "undoes": "le fait annulé",
    },
)
CHANGES = FactFile(
    "faits/changes.csv",
    {
        "fact": "identifiant public du fait",
        "row": _ROW,
        "at": "moment",
        "kind": "added, changed, removed ou returned",
        "field": "colonne changée, analyses pour la composition d'un examen",
        "old": "avant",
        "new": "après",
        "is_substantive": "la décision en dépendait (oui, non)",
        "author": _PERSON,
    },
)
EXAMS = FactFile(
    "faits/exams.csv",
    {
        "exam": _ROW,
        "analysis_code": "code de l'analyse que l'examen contient",
        "analysis_label": "son libellé",
        "analysis": "la ligne de cette analyse, vide quand le catalogue ne l'a pas",
    },
)
READINGS = FactFile(
    "faits/readings.csv",
    {
        "request": "identifiant public de la demande de deuxième lecture",
        "row": _ROW,
        "decision": "le fait à relire (decisions.csv)",
        "asked_at": "moment de la demande",
        "reading": "identifiant public de la deuxième lecture, vide quand elle n'est pas faite",
        "read_at": "moment de la lecture",
        "reader": _PERSON,
        "action": "ce qu'elle dit",
        "loinc_num": "code LOINC",
        "relation": "relation",
        "reason": "motif",
        "comment": "commentaire",
        "justification": "justification",
        "is_agreement": "d'accord avec le fait relu (oui, non)",
    },
)
RECONCILIATIONS = FactFile(
    "faits/reconciliations.csv",
    {
        "fact": "identifiant public de la conciliation",
        "reading": "la deuxième lecture conciliée (readings.csv)",
        "decision": "le fait qui en est sorti (decisions.csv)",
        "at": "moment",
        "reason": "motif",
        "author": _PERSON,
    },
)
GRACE = FactFile(
    "faits/grace.csv",
    {
        "fact": "identifiant public du fait",
        "at": "moment",
        "last_day": "dernier jour (à Paris) où comptent les codes que LOINC a retirés, vide : sans limite",
        "author": _PERSON,
    },
)
RELEASES = FactFile(
    "faits/releases.csv",
    {
        "since": "début du service, vide : depuis l'origine",
        "release": "identifiant public de la version de LOINC, vide : aucune version en service",
        "version": "son numéro",
        "kind": "official (LOINC), starter (terminologie de départ)",
        "loaded_at": "moment de son chargement",
    },
)
CODES = FactFile(
    "faits/codes.csv",
    {
        "release": "version de LOINC (releases.csv)",
        "loinc_num": "code LOINC ; un code sans ligne est absent de cette version",
        "status": "ACTIVE, TRIAL, DISCOURAGED ou DEPRECATED",
        "long_common_name": "nom long usuel de LOINC",
        "french_name": "nom français officiel, quand il est chargé",
        "in_circuit": "dans « Circuit de la biologie » (oui, non ; vide : liste non chargée)",
        "notice": "mention que LOINC demande dans chaque fichier qui porte son contenu",
    },
)
DEFINITIONS = FactFile(
    "faits/definitions.csv",
    {
        "definition": "numéro ; 1 est la définition par défaut",
        "level": "ce qui est compté : analysis ou exam",
        "measure": "rows (lignes) ou volume (volume annuel)",
        "with_subcontracted": "sous-traitées comprises (oui, non)",
        "exam_rule": "own_code (l'examen a son code) ou all_analyses (toutes ses analyses sont transcodées)",
        "title": "son nom",
        "scope": "son périmètre",
        "sentence": "la phrase imprimée",
        "with_retired": "les lignes retirées que le dernier export contient encore comptent (oui, non)",
        "circuit_only": "le code doit être dans « Circuit de la biologie » (oui, non)",
        "out_of_scope_leaves": "les lignes hors périmètre sortent du dénominateur (oui, non)",
        "no_code_leaves": "les lignes sans code LOINC existant en sortent aussi (oui, non)",
        "statuses": "approved (approuvées) ou decided (décidées aussi)",
        "releases": "le code doit exister dans la version en service (in_service) ou du choix (of_decision)",
        "deprecated": "codes DEPRECATED : until_grace (jusqu'à la date limite), never (jamais), always (toujours)",
    },
)
SIGNATURES = FactFile(
    "faits/signatures.csv",
    {
        "signature": "identifiant public de la signature",
        "version": "numéro de la version du transcodage",
        "signed_at": "moment",
        "name": "qui a signé, tel qu'imprimé",
        "title": "à quel titre",
        "rpps": "numéro RPPS",
        "finess_ej": "FINESS de l'entité juridique",
        "finess_et": "FINESS de l'établissement",
        "proof": "comment la personne avait prouvé son identité",
        "chapters": "chapitres signés",
        "sentence": "la phrase signée, à la lettre",
        "release": "version de LOINC",
        "content_sha256": "empreinte du contenu des chapitres signés",
        "mapping_sha256": "empreinte du contenu du catalogue entier à ce moment",
        "withdrawn_at": "moment où la signature a été retirée, vide : elle tient",
        "withdrawal_reason": "pourquoi",
    },
)
PEOPLE = FactFile(
    "faits/people.csv", {"person": "identifiant public de la personne", "name": "son nom, tel qu'imprimé"}
)
FILES = (
    STATE, ROWS, DECISIONS, CHANGES, EXAMS, READINGS, RECONCILIATIONS, GRACE, RELEASES, CODES, DEFINITIONS, SIGNATURES,
    PEOPLE,
)  # fmt: skip


def cell(value: Any) -> str:
    """A value as a cell holds it: moments in UTC to the microsecond, oui and non, nothing for none."""
    if value is None:
        return ""
    if value is True or value is False:
        return YES if value else NO
    if isinstance(value, datetime):
        return moment_text(value)
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def moment_text(moment: datetime) -> str:
    """A moment as the facts write it: two of them are in order when their texts are."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def csv_pieces(columns: Iterable[str], rows: Iterable[Sequence[Any]], at_once: int = 500) -> Iterator[bytes]:
    """A table as CSV, some rows at a time."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow(list(columns))
    held = 0
    for row in rows:
        writer.writerow([cell(value) for value in row])
        held += 1
        if held == at_once:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
            held = 0
    yield buffer.getvalue().encode()


def csv_bytes(columns: Iterable[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A table as CSV."""
    return b"".join(csv_pieces(columns, rows))
