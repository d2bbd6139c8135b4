"""Whoever has the archive and its page alone computes every hash, every fact and the figure again, with a few lines.

Nothing of the product reads the archive here: what is written below is what `LISEZMOI.md` says.
"""

import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.app.exports.sample import Sample
from tests.app.portability.every_table import fill_every_table
from tests.app.portability.moving import archived, figures


class Stranger:
    """What is done with an archive and its page."""

    def __init__(self, path: Path) -> None:
        self.zip = zipfile.ZipFile(path)
        self.names = set(self.zip.namelist())

    def text(self, name: str) -> str:
        return self.zip.read(name).decode("utf-8-sig")

    def json_lines(self, name: str) -> list[Any]:
        return [json.loads(line) for line in self.text(name).split("\n") if line]

    def rows(self, table: str) -> dict[int, dict[str, Any]]:
        """The rows of a table by the first column of its file, which is its number."""
        flat = f"donnees/{table}.csv"
        if flat not in self.names:
            return {row["id"]: row for row in self.json_lines(f"donnees/{table}.jsonl")}
        said = json.loads(self.text(f"schemas/{table}.schema.json"))
        cells = csv.DictReader(io.StringIO(self.text(flat), newline=""), delimiter=";")
        rows = [{name: value_of(said["properties"][name], text) for name, text in row.items()} for row in cells]
        first = said["required"][0]
        return {row[first]: row for row in rows}


def value_of(said: dict[str, Any], text: str) -> Any:
    """The value of a cell, by its schema."""
    kind = said.get("anyOf", [said])[0]
    if text == "" and "anyOf" in said:
        return None
    if kind.get("enum") == ["non", "oui"]:
        return text == "oui"
    if kind.get("pattern", "").lstrip("^-?").startswith(r"\d+"):
        return float(text) if "." in text else int(text)
    return text.removeprefix("'")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def in_one_way(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


@pytest.mark.only("sqlite", "what is written is the same: the round trip compares both")
def test_every_fact_is_verified_with_the_page_alone(decided: Sample, tmp_path: Path) -> None:
    fill_every_table(decided)
    path = tmp_path / "a.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    found = Stranger(path)
    for line in found.text("SHA256SUMS").splitlines():
        digest, name = line.split("  ", 1)
        assert sha256(found.zip.read(name)) == digest
    salts = {item["position"]: item["salts"] for item in found.json_lines("chaine/sels.jsonl")}
    before, facts = "0" * 64, set()
    for line in found.text("chaine/maillons.jsonl").splitlines():
        link = json.loads(line)
        assert link["previous_hash"] == before
        before = sha256(line.encode())
        if link["kind"] == "seal":
            continue
        rows = found.rows(link["table_name"])
        fixed = [name for name in link["column_names"].partition("|")[0].split(",") if name]
        for number, digest, *committed in json.loads(link["members"]):
            row, texts = rows[number], committed[0] if committed else {}
            for name, commitment in texts.items():
                text = row[name] if isinstance(row[name], str) else in_one_way(row[name])
                salt = bytes.fromhex(salts[link["position"]][str(number)][name])
                assert sha256(salt + text.encode()) == commitment, (link["table_name"], number, name)
            told = {"fixed": {name: row[name] for name in fixed}, "table": link["table_name"], "texts": texts}
            assert sha256(in_one_way(told).encode()) == digest, (link["table_name"], number)
            facts.add(link["table_name"])
    assert before == json.loads(found.text("manifeste.json"))["head"]["hash"]
    assert {"decision", "batch_answer", "proposal_run", "sign_off", "effective_count", "source_row"} <= facts


@pytest.mark.only("sqlite", "what is written is the same: the round trip compares both")
def test_the_figure_is_counted_with_the_page_alone(decided: Sample, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    archived(decided.world.engine, decided.world.laboratory_id, path)
    found = Stranger(path)
    facts: dict[int, list[dict[str, Any]]] = {}
    for _, fact in sorted(found.rows("decision").items()):
        facts.setdefault(fact["local_test_id"], []).append(fact)
    with_code = counted = 0
    for number, row in found.rows("local_test").items():
        if row["level"] != "analysis" or row["is_retired"]:
            continue
        action, is_approved = _state(facts.get(number, []))
        counted += not (is_approved and action == "out_of_scope")
        with_code += is_approved and action == "choose"
    (told,) = figures(decided.world.engine, decided.world.laboratory.name).values()
    _, numerator, denominator, *_ = told[0][0]
    assert (with_code, counted) == (numerator, denominator)
    assert with_code > 1


def _state(facts: list[dict[str, Any]]) -> tuple[str, bool]:
    undone = {fact["undoes_id"] for fact in facts if fact["action"] == "undo"}
    action, is_approved = "", False
    for fact in facts:
        if fact["id"] in undone:
            continue
        if fact["action"] in ("choose", "no_loinc", "out_of_scope", "doubt"):
            action, is_approved = fact["action"], False
        elif fact["action"] == "approve":
            is_approved = True
        elif fact["action"] in ("send_back", "reimport"):
            action, is_approved = "", False
    return action, is_approved
