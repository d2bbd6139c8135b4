"""An archive that somebody rewrote is refused with its file and its line, and nothing of it is stored."""

import csv
import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import func, select

from app.claims.canonical_zip import read_zip, write_zip
from app.claims.inventory import Sums, sums_file
from app.errors import InvalidInputError
from app.models import metadata
from app.platform.chain_digests import BEGINNING, canonical, digest
from app.portability.carried import file_of, is_nested
from app.portability.documents import MANIFEST, SUMS
from app.portability.encoding import LONGEST_LINE, UnreadableError, raw_csv
from app.portability.reading import ArchiveRefusedError
from app.portability.shapes import is_public_id
from app.portability.writing import LINKS, MOST_MEMBERS, manifest_bytes
from tests.app.exports.sample import Sample
from tests.app.portability.every_table import fill_every_table
from tests.app.portability.moving import Place, anomalies, archived, arrived

Contents = dict[str, bytes]
DECISIONS, TESTS, ROWS = "donnees/decision.csv", "donnees/local_test.csv", "donnees/source_row.jsonl"


def opened(path: Path) -> Contents:
    with path.open("rb") as file:
        members, _ = read_zip(file, path.stat().st_size, MOST_MEMBERS)
        found = {}
        for member in members:
            file.seek(member.offset)
            found[member.name] = file.read(member.size)
    return found


def zipped(contents: Contents, path: Path) -> None:
    """As an archive whose hashes are all right: whoever forges one computes them again."""
    contents = dict(contents)
    said = {name: value for name, value in json.loads(contents[MANIFEST]).items() if name != "files"}
    for name in (MANIFEST, SUMS):
        contents.pop(name)
    sums = [Sums(name, len(contents[name]), hashlib.sha256(contents[name]).hexdigest()) for name in sorted(contents)]
    contents[MANIFEST] = manifest_bytes(said, sums)
    last = Sums(MANIFEST, len(contents[MANIFEST]), hashlib.sha256(contents[MANIFEST]).hexdigest())
    contents[SUMS] = sums_file([*sums, last])
    with TemporaryDirectory() as folder:
        files = {}
        for number, (name, content) in enumerate(contents.items()):
            files[name] = Path(folder) / str(number)
            files[name].write_bytes(content)
        with path.open("wb") as target:
            write_zip(target, files, MOST_MEMBERS)


def with_cell(name: str, line: int, column: str, value: str) -> Callable[[Contents], None]:
    """Another value in one cell of a CSV whose cells have no separator."""

    def change(contents: Contents) -> None:
        lines = contents[name].decode("utf-8-sig").split("\r\n")
        place = lines[0].split(";").index(column)
        cells = lines[line - 1].split(";")
        cells[place] = value
        lines[line - 1] = ";".join(cells)
        contents[name] = b"\xef\xbb\xbf" + "\r\n".join(lines).encode()

    return change


def with_json(name: str, line: int, column: str, value: object) -> Callable[[Contents], None]:
    def change(contents: Contents) -> None:
        lines = contents[name].decode().split("\n")
        row = json.loads(lines[line - 1])
        row[column] = value
        lines[line - 1] = canonical(row)
        contents[name] = "\n".join(lines).encode()

    return change


def with_bytes(name: str, old: bytes, new: bytes) -> Callable[[Contents], None]:
    def change(contents: Contents) -> None:
        assert old in contents[name], name
        contents[name] = contents[name].replace(old, new, 1)

    return change


def with_manifest(**values: object) -> Callable[[Contents], None]:
    def change(contents: Contents) -> None:
        contents[MANIFEST] = json.dumps(json.loads(contents[MANIFEST]) | values).encode()

    return change


def without_first_link(contents: Contents) -> None:
    contents[LINKS] = contents[LINKS].split(b"\n", 1)[1]


def twice(contents: Contents) -> None:
    lines = contents[DECISIONS].split(b"\r\n")
    contents[DECISIONS] = b"\r\n".join([*lines[:2], lines[1], *lines[2:]])


def a_stranger(contents: Contents) -> None:
    contents["donnees/de_plus.csv"] = b"x"


def deep(contents: Contents) -> None:
    lines = contents[ROWS].split(b"\n")
    lines[0] = b'{"cells":' + b"[" * 100_000
    contents[ROWS] = b"\n".join(lines)


FORGED: list[tuple[str, Callable[[Contents], None], str]] = [
    ("an action that there is not", with_cell(DECISIONS, 2, "action", "bravo"), "decision.csv, ligne 2"),
    ("a text for a number", with_cell(DECISIONS, 3, "local_test_id", "douze"), "decision.csv, ligne 3"),
    ("a row of elsewhere", with_cell(DECISIONS, 2, "local_test_id", "999999"), "ligne 2.*ne mène à rien"),
    ("a person of elsewhere", with_cell(DECISIONS, 2, "author_id", "4242"), "ligne 2.*user_account"),
    ("a release of elsewhere", with_cell(DECISIONS, 2, "release_id", "4242"), "ligne 2.*loinc_release"),
    ("a moment that is none", with_cell(DECISIONS, 2, "created_at", "hier"), "ligne 2, colonne created_at"),
    ("a number too large", with_cell(DECISIONS, 2, "id", "99999999999"), "ligne 2, colonne id"),
    ("a number twice", twice, "ligne 3.*y est déjà"),
    ("a code that was not decided", with_cell(DECISIONS, 2, "loinc_num", "2160-0"), "decision.csv, ligne 2.*maillon"),
    ("another author", with_cell(DECISIONS, 2, "author_role", "biologist"), "decision.csv, ligne 2.*maillon"),
    ("another laboratory", with_manifest(laboratory_id="0" * 36), "laboratoire que dit"),
    ("no column", with_bytes(DECISIONS, b"loinc_num", b"loinc_nun"), "ligne 1"),
    ("cells that are no texts", with_json(ROWS, 1, "cells", [1, 2]), "source_row.jsonl, ligne 1, colonne cells"),
    ("cells of another row", with_json(ROWS, 1, "cells", ["autre"]), "source_row.jsonl, ligne 1.*texte"),
    ("JSON without end", deep, "source_row.jsonl, ligne 1"),
    ("not UTF-8", with_bytes(TESTS, "GLYCÉMIE".encode(), b"GLYC\xc9MIE"), "local_test.csv, ligne"),
    ("a chain without its beginning", without_first_link, "maillons.jsonl, ligne 1"),
    ("another head", with_manifest(head={"position": 1, "hash": BEGINNING}), "dernier maillon"),
    ("a file of more", a_stranger, "n’a pas sa place"),
    ("another format", with_manifest(format="transcodeur-archive-9"), "format"),
    ("a manifest of something else", with_manifest(rows=[]), "manifeste"),
    ("rows that are not counted", with_manifest(rows={}), "lignes"),
]

EVIDENCE = [{"axis": "saveur", "verdict": "agree", "sentence": "x"}]
UNREADABLE: list[tuple[str, str, object]] = [
    ("laboratory", "created_at", "1999-12-31T23:59:59.000000Z"),
    ("decision", "created_at", "9999-12-31T23:59:59.999999Z"),
    ("decision", "public_id", "<script>alert(1)</script>"),
    ("audit_event", "at", "2999-01-01T00:00:00.000000Z"),
    ("local_test", "annual_volume", -7),
    ("proposal", "evidence", EVIDENCE),
    ("proposal", "unread", "tout"),
    ("export_record", "kind", "bravo"),
    ("earlier_statement", "finding", "bravo"),
    ("earlier_statement", "repair", "bravo"),
    ("earlier_statement", "differing", ["saveur"]),
    ("effective_count", "findings", "with_loinc bravo"),
    ("sign_off", "finess_ej", "Ajaccio"),
    ("sign_off", "rpps", "12"),
    ("sign_off", "coverage", ["80 %"]),
    ("sign_off", "coverage", [{"name": "sans le reste"}]),
    ("batch", "lowest_band", "bravo"),
    ("review_task", "replacements", [{"loinc_num": "2823-3"}]),
    ("source_file", "dialect", {"encoding": "rot13"}),
    ("source_file", "dialect", {"header_rows": "un"}),
    ("source_file", "columns", {"code": "A"}),
    ("code_request_step", "waiting_system", "http://loinc.org"),
    ("laboratory", "canonical_url", "javascript:alert(1)"),
    # They would be of the whole installation: its journal, and the past of every laboratory.
    ("audit_event", "laboratory_id", None),
    ("mapping_withdrawal", "laboratory_id", None),
    ("erasure", "laboratory_id", None),
]  # fmt: skip
"""(table, column, what no page can show): the pages of the laboratory would fail, or count days without end."""


@pytest.mark.parametrize(
    ("table", "column", "value"), UNREADABLE, ids=[f"{item[0]}.{item[1]}={item[2]}"[:60] for item in UNREADABLE]
)
@pytest.mark.only("sqlite", "nothing reaches the database")
def test_what_the_workbench_never_writes_is_refused_before_its_chain(
    decided: Sample, table: str, column: str, value: object, tmp_path: Path
) -> None:
    """Whoever computes every hash again can write any value: it must be of its column all the same."""
    fill_every_table(decided)
    path, forged = tmp_path / "a.zip", tmp_path / "b.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    contents = opened(path)
    if is_nested(table):
        with_json(file_of(table), 1, column, value)(contents)
    else:
        _with_value(file_of(table), column, "" if value is None else str(value))(contents)
    zipped(contents, forged)
    with pytest.raises(ArchiveRefusedError, match=rf"{file_of(table)}, ligne \d.*colonne {column} : (?!.*maillon)"):
        arrived(decided.world.engine, forged)


def _with_value(name: str, column: str, value: str) -> Callable[[Contents], None]:
    """Another value in the first row of a CSV, whatever its cells hold."""

    def change(contents: Contents) -> None:
        rows = list(csv.reader(io.StringIO(contents[name].decode("utf-8-sig"), newline=""), delimiter=";"))
        rows[1][rows[0].index(column)] = value
        written = io.StringIO(newline="")
        csv.writer(written, delimiter=";", lineterminator="\r\n").writerows(rows)
        contents[name] = b"\xef\xbb\xbf" + written.getvalue().encode()

    return change


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("shifts", []), ("shifts", {"decision": "1"}), ("shifts", {"decision": 1.5}), ("shifts", {"decision": 2**63}),
        ("spans", {"decision": [1]}), ("spans", {"decision": ["1", "2"]}), ("maps", {"user_account": {"1": None}}),
        ("dropped", "x"), ("dropped", {"proposal_run.job_id": [1]}),
    ],
)  # fmt: skip
@pytest.mark.only("sqlite", "nothing reaches the database")
def test_numbers_of_an_older_journey_that_lead_nowhere_are_refused(
    decided: Sample, elsewhere: Place, tmp_path: Path, part: str, value: object
) -> None:
    path, second, forged = tmp_path / "a.zip", tmp_path / "b.zip", tmp_path / "c.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    archived(elsewhere.engine, arrived(elsewhere.engine, path).laboratory_id, second)
    contents = opened(second)
    name = file_of("imported_archive")
    keys = json.loads(contents[name])["keys"] | {part: value}
    with_json(name, 1, "keys", keys)(contents)
    zipped(contents, forged)
    with pytest.raises(ArchiveRefusedError, match=rf"{name}, ligne 1(, colonne keys)? : ce n[’']est pas"):
        arrived(decided.world.engine, forged)


def test_an_archive_of_before_a_column_is_read_still(decided: Sample, elsewhere: Place, tmp_path: Path) -> None:
    """Of a column that came later, its rows say what the column says of itself; of one that matters, they must."""
    path, older = tmp_path / "a.zip", tmp_path / "b.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    contents = opened(path)
    _without(contents, "laboratory", "awaits", "named_as", "allows_reuse")
    _without(contents, "catalogue", "moved_rows", "named_as")
    zipped(contents, older)
    assert arrived(elsewhere.engine, older).rows > 0
    assert anomalies(elsewhere.engine) == []


@pytest.mark.parametrize(
    ("table", "column", "said"),
    [
        ("laboratory", "created_at", "la colonne created_at manque"),
        ("audit_event", "laboratory_id", "la colonne laboratory_id manque"),
        ("decision", "loinc_num", "maillon"),
        ("source_row", "cells", "maillon"),
    ],
)
@pytest.mark.only("sqlite", "nothing reaches the database")
def test_no_column_of_a_fact_is_left_out_unseen(
    decided: Sample, tmp_path: Path, table: str, column: str, said: str
) -> None:
    path, forged = tmp_path / "a.zip", tmp_path / "b.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    contents = opened(path)
    _without(contents, table, column)
    zipped(contents, forged)
    with pytest.raises(ArchiveRefusedError, match=said):
        arrived(decided.world.engine, forged)


def _without(contents: Contents, table: str, *columns: str) -> None:
    """The file of a table as a version before these columns wrote it."""
    name = file_of(table)
    if is_nested(table):
        rows = [json.loads(line) for line in contents[name].splitlines()]
        lines = [canonical({key: row[key] for key in row if key not in columns}) for row in rows]
        contents[name] = "".join(f"{line}\n" for line in lines).encode()
        return
    cells = list(csv.reader(io.StringIO(contents[name].decode("utf-8-sig"), newline=""), delimiter=";"))
    kept = [place for place, heading in enumerate(cells[0]) if heading not in columns]
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=";", lineterminator="\r\n").writerows([[row[at] for at in kept] for row in cells])
    contents[name] = b"\xef\xbb\xbf" + written.getvalue().encode()


class Unending(io.RawIOBase):
    """Bytes that come again and again, and how many were read."""

    def __init__(self, piece: bytes) -> None:
        self._piece, self.taken = piece, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = len(buffer)
        buffer[:] = (self._piece * (size // len(self._piece) + 2))[self.taken % len(self._piece) :][:size]
        self.taken += size
        return size


@pytest.mark.parametrize("piece", [b"x", b";", b'"a\n";'], ids=["a cell", "cells", "lines of a row"])
def test_a_row_without_end_is_refused_before_it_fills_the_memory(piece: bytes) -> None:
    file = Unending(piece) if piece != b'"a\n";' else Unending(b'"' + b"a\n" * 1_000_000 + b'";')
    with pytest.raises(UnreadableError, match="trop longue"):
        list(raw_csv(file))  # type: ignore[arg-type]
    assert file.taken < 2 * LONGEST_LINE


@pytest.mark.only("sqlite", "what becomes of a person is the same")
@pytest.mark.parametrize("public_id", ["<script>alert(document.cookie)</script>"[:36], "é" * 36, "", "0" * 35])
def test_a_person_whose_identifier_is_none_gets_another(
    decided: Sample, elsewhere: Place, tmp_path: Path, public_id: str
) -> None:
    path, forged = tmp_path / "a.zip", tmp_path / "b.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    contents = opened(path)
    _with_value("contexte/personnes.csv", "public_id", public_id)(contents)
    zipped(contents, forged)
    arrived(elsewhere.engine, forged)
    with elsewhere.engine.connect() as connection:
        people = connection.execute(select(metadata.tables["user_account"].c.public_id)).scalars().all()
    assert people
    assert all(is_public_id(person) for person in people)


@pytest.mark.only("sqlite", "nothing reaches the database")
def test_more_people_than_a_laboratory_has_are_refused(
    decided: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    monkeypatch.setattr("app.portability.reading.MOST_PEOPLE", 1)
    with pytest.raises(ArchiveRefusedError, match=r"personnes\.csv, ligne 3 : plus de 1"):
        arrived(decided.world.engine, path)


@pytest.mark.parametrize(("change", "said"), [(item[1], item[2]) for item in FORGED], ids=[item[0] for item in FORGED])
@pytest.mark.only("sqlite", "nothing reaches the database")
def test_a_rewritten_archive_is_refused_with_its_place(
    decided: Sample, change: Callable[[Contents], None], said: str, tmp_path: Path
) -> None:
    path, forged = tmp_path / "a.zip", tmp_path / "b.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    contents = opened(path)
    change(contents)
    zipped(contents, forged)
    with pytest.raises(ArchiveRefusedError, match=said) as refusal:
        arrived(decided.world.engine, forged)
    assert refusal.value.message.startswith("Archive refusée, rien n’a été importé.")


@pytest.mark.only("sqlite", "nothing reaches the database")
def test_a_chain_forged_whole_with_its_row_is_refused_by_the_head_that_was_kept(
    decided: Sample, elsewhere: Place, tmp_path: Path
) -> None:
    """Whoever computes everything again makes another archive: its SHA-256 and its head are not those journaled."""
    path, forged = tmp_path / "a.zip", tmp_path / "b.zip"
    made = archived(decided.world.engine, decided.world.laboratory_id, path)
    contents = opened(path)
    lines = [json.loads(line) for line in contents[LINKS].splitlines()]
    before = BEGINNING
    for link in lines:
        link["previous_hash"], link["linked_at"] = before, "2026-01-01T00:00:00.000000Z"
        before = digest(canonical(link))
    contents[LINKS] = "".join(f"{canonical(link)}\n" for link in lines).encode()
    with_manifest(head={"position": len(lines), "hash": before})(contents)
    zipped(contents, forged)
    imported = arrived(elsewhere.engine, forged)
    assert imported.sha256 != made.sha256
    assert before != made.head_hash


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\3\4", b"PK\5\6" + b"\0" * 18, b"ceci n'est pas un zip" * 100],
    ids=["nothing", "cut", "empty zip", "no zip"],
)
@pytest.mark.only("sqlite", "nothing reaches the database")
def test_what_is_no_archive_is_refused(world: object, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match="rien n’a été importé"):
        arrived(world.engine, path)  # type: ignore[attr-defined]


@pytest.mark.only("sqlite", "nothing reaches the database")
def test_no_byte_of_an_archive_changes_unseen(decided: Sample, tmp_path: Path) -> None:
    """The hashes are not computed again: the zip itself tells."""
    path = tmp_path / "a.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    whole = path.read_bytes()
    changed = tmp_path / "b.zip"
    for place in range(0, len(whole), len(whole) // 40):
        changed.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(ArchiveRefusedError):
            arrived(decided.world.engine, changed)


def test_what_fails_at_the_end_leaves_nothing(decided: Sample, elsewhere: Place, tmp_path: Path) -> None:
    """A fact that is there already, under another laboratory: the database says so at the last moment."""
    path, forged = tmp_path / "a.zip", tmp_path / "b.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    arrived(elsewhere.engine, path)
    contents = opened(path)
    other = "0" * 36
    with_manifest(laboratory_id=other, laboratory="Autre")(contents)
    with_json("donnees/laboratory.jsonl", 1, "public_id", other)(contents)
    with_json("donnees/laboratory.jsonl", 1, "name", "Autre")(contents)
    zipped(contents, forged)
    before = _rows(elsewhere)
    with pytest.raises(ArchiveRefusedError, match=r"catalogue\.csv, ligne 2 : .*déjà"):
        arrived(elsewhere.engine, forged)
    assert _rows(elsewhere) == before


def _rows(place: Place) -> dict[str, int]:
    with place.engine.connect() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in metadata.tables.items()
        }  # fmt: skip
