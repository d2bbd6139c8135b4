"""The rows of a catalogue as they were at a past moment: what newer exports changed in them is taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from app.errors import ConflictError
from app.files.kinds import FileKind, Level
from app.files.values import bare
from app.models import ChangeKind, metadata
from app.text import paris_time
from app.versions.whole import WholeVersion

_LONGEST = 2_000
"""Characters of a value that a change keeps: a longer one ends with an ellipsis."""
_LEVELS = {
    FileKind.LOINC_1: (Level.CHAPTER, Level.SUBCHAPTER),
    FileKind.LOINC_2: (Level.EXAM,),
    FileKind.LOINC_3: (Level.ANALYSIS,),
    FileKind.TABULAR: (Level.ANALYSIS,),
}
"""The files whose rows can be found again, and the levels that they bring."""
_WORDS = ("label", "unit", "unit_code", "specimen", "specimen_code", "technique")
"""By which rows of a free catalogue that share a code are told apart."""
_KEYS = {Level.CHAPTER: ("chapter_code", "chapter"), Level.SUBCHAPTER: ("subchapter_code", "subchapter")}
"""The columns that give the code of a level, when it is not `code`."""


def refused(version: WholeVersion, reason: str) -> ConflictError:
    """Why a version cannot be made again."""
    return ConflictError(
        f"Le dossier de la version {version.number} ne peut pas être refait : {reason}. Rien n'a été écrit. Gardez le "
        "dossier déjà produit, s'il y en a un ; l'état du jour se demande comme projet (--draft)."
    )


@dataclass(slots=True)
class Rows:
    """Tests by identifier, and what exams contain, in order; every value by the name of its column."""

    by_id: dict[int, dict[str, Any]]
    links: list[dict[str, Any]] = field(default_factory=list)


def rewound(
    connection: Connection, version: WholeVersion, rows: Rows, changes: Sequence[Mapping[str, Any]]
) -> bool:
    """Take the rows back to the moment of a version; whether an export came in after it.

    `connection` holds the files received until then and their rows, `changes` all those of the catalogue, the oldest
    first. Raises ConflictError for what is not told any more. Rows are in the order of the rows received: the position
    of then is not kept by any fact.
    """
    moment = version.signed_at
    for change in reversed(changes):
        if change["created_at"] > moment:
            _take_back(version, rows, change, changes)
    held = {None, *connection.execute(select(metadata.tables["source_row"].c.id)).scalars()}
    moved = [row for row in rows.by_id.values() if row["source_row_id"] not in held]
    if moved:
        received = _Received(connection)
        for row in moved:
            row["source_row_id"] = received.row_of(row)
            if row["source_row_id"] is None:
                raise refused(version, _unknown(row, version))
        exams = {row["id"]: row for row in moved if row["level"] == Level.EXAM}
        rows.links = [link for link in rows.links if link["exam_id"] not in exams]
        number = max((link["id"] for link in rows.links), default=0)
        for exam_id in sorted(exams, key=lambda key: (exams[key]["source_row_id"], key)):
            for code, label in received.contents_of(exams[exam_id]):
                number += 1
                rows.links.append({
                    "id": number, "exam_id": exam_id, "analysis_code": code, "analysis_label": label,
                    "analysis_id": None,
                })  # fmt: skip
    is_newer = bool(moved) or any(change["created_at"] > moment for change in changes)
    there = {key for key, row in rows.by_id.items() if row["retired_at"] is None}
    links = [link for link in rows.links if link["exam_id"] in rows.by_id]
    if is_newer:
        # An analysis that came later, or that was not there, is found again by its code.
        for link in links:
            link["analysis_id"] = link["analysis_id"] if link["analysis_id"] in there else None
    by_exam = {key: (row["source_row_id"] or 0, key) for key, row in rows.by_id.items()}
    links.sort(key=lambda link: (by_exam[link["exam_id"]], link["id"]))
    # Numbered anew: an export that changed nothing numbers them anew too.
    rows.links = [link | {"id": place} for place, link in enumerate(links, start=1)]
    for row in rows.by_id.values():
        row["position"] = row["source_row_id"] or 0
    return is_newer


def _unknown(row: Mapping[str, Any], version: WholeVersion) -> str:
    day = paris_time(version.signed_at)
    return (
        f"la ligne « {row['code'][:60]} » ne se retrouve pas dans les fichiers reçus avant sa signature "
        f"({day}), qu'un export plus récent a remplacés"
    )


def _take_back(
    version: WholeVersion, rows: Rows, change: Mapping[str, Any], changes: Sequence[Mapping[str, Any]]
) -> None:
    key = change["local_test_id"]
    row = rows.by_id.get(key)
    if row is None:
        return
    if change["kind"] == ChangeKind.ADDED:
        del rows.by_id[key]
    elif change["field"] == "analyses":
        return
    elif change["field"]:
        if len(change["old"]) >= _LONGEST and change["old"].endswith("…"):
            raise refused(version, f"une valeur d'alors de « {row['code'][:60]} » était trop longue pour être gardée")
        row[change["field"]] = _value(change["field"], change["old"])
    elif change["kind"] == ChangeKind.REMOVED:
        row["retired_at"], row["is_retired"] = None, False
    elif change["kind"] == ChangeKind.RETURNED:
        row["retired_at"], row["is_retired"] = _retired_at(version, row, change, changes), True


def _retired_at(
    version: WholeVersion, row: Mapping[str, Any], change: Mapping[str, Any], changes: Sequence[Mapping[str, Any]]
) -> datetime:
    """When the removal that a return ended was made."""
    before = [
        item["created_at"] for item in changes
        if item["local_test_id"] == row["id"] and item["kind"] == ChangeKind.REMOVED and item["id"] < change["id"]
    ]  # fmt: skip
    if not before:
        raise refused(version, f"rien ne dit depuis quand la ligne « {row['code'][:60]} » était retirée")
    moment: datetime = before[-1]
    return moment


def _value(name: str, text: str) -> Any:
    if name in ("is_subcontracted", "is_retired"):
        return text == "oui"
    if name == "annual_volume":
        return int(text) if text else None
    return text


class _Received:
    """The rows received until then, found by what they say."""

    def __init__(self, connection: Connection) -> None:
        files, rows = metadata.tables["source_file"], metadata.tables["source_row"]
        self._files: list[tuple[Mapping[str, int], tuple[Level, ...], dict[str, list[tuple[int, list[Any]]]]]] = []
        self._cells: dict[int, tuple[Mapping[str, int], list[tuple[int, list[Any]]]]] = {}
        # The newest first: it is the one that a row was last read from.
        for file in connection.execute(select(files).order_by(files.c.id.desc())).mappings():
            levels = _LEVELS.get(FileKind(file["kind"]), ())
            places = file["columns"]
            for level in levels:
                found: dict[str, list[tuple[int, list[Any]]]] = {}
                statement = select(rows.c.id, rows.c.cells).where(rows.c.source_file_id == file["id"])
                for key, cells in connection.execute(statement.order_by(rows.c.row_number)):
                    code = _code(level, places, cells)
                    if code:
                        found.setdefault(code, []).append((key, cells))
                self._files.append((places, (level,), found))

    def row_of(self, test: Mapping[str, Any]) -> int | None:
        """The first row of the newest file that says this test; None when no file does."""
        for places, levels, found in self._files:
            if test["level"] not in levels:
                continue
            rows = found.get(test["code"], [])
            told = [key for key, cells in rows if self._says(places, cells, test)] if len(rows) > 1 else []
            if rows:
                self._cells[test["id"]] = (places, rows)
                return (told or [rows[0][0]])[0]
        return None

    @staticmethod
    def _says(places: Mapping[str, int], cells: Sequence[Any], test: Mapping[str, Any]) -> bool:
        if test["level"] == Level.SUBCHAPTER:
            return _code(Level.CHAPTER, places, cells) == str(test["chapter_code"])
        if test["level"] != Level.ANALYSIS:
            return True
        return not any(_cell(places, cells, name) != bare(str(test[name])) for name in _WORDS if name in places)

    def contents_of(self, exam: Mapping[str, Any]) -> list[tuple[str, str]]:
        """(code, label) of each analysis that the rows of an exam name, in their order, once."""
        places, rows = self._cells[exam["id"]]
        found: dict[str, str] = {}
        for _, cells in rows:
            code = _cell(places, cells, "analysis_code")
            found.setdefault(code, _cell(places, cells, "analysis_label"))
        return list(found.items())


def _code(level: Level, places: Mapping[str, int], cells: Sequence[Any]) -> str:
    for name in _KEYS.get(level, ("code",)):
        if text := _cell(places, cells, name):
            return text
    return ""


def _cell(places: Mapping[str, int], cells: Sequence[Any], name: str) -> str:
    place = places.get(name, -1)
    return bare(str(cells[place])) if 0 <= place < len(cells) else ""
