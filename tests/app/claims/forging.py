"""Opening a pack, changing it, and closing it again as somebody who knows how packs are written would."""

import csv
import io
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from app.claims.canonical_zip import write_zip
from app.claims.content import CONTENT, content_of
from app.claims.coverage_files import REPORT, Told, coverage_files, coverage_of
from app.claims.documents import MANIFEST, SUMS, documents
from app.claims.effective_tables import EFFECTIVE_FILES
from app.claims.inventory import file_sums, manifest, sums_file
from app.claims.reading_facts import Facts, bare, read_csv, read_facts
from app.claims.recompute import Moment
from app.claims.tables import FILES, STATE, csv_bytes
from app.versions.canonical import content_sha256

Contents = dict[str, bytes]


def opened(path: Path) -> Contents:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(contents: Mapping[str, bytes]) -> bytes:
    """A pack in the right form that holds these files."""
    with tempfile.TemporaryDirectory() as name:
        files = {}
        for number, (member, content) in enumerate(contents.items()):
            files[member] = Path(name) / str(number)
            files[member].write_bytes(content)
        target = io.BytesIO()
        write_zip(target, files)
        return target.getvalue()


def summed(contents: Contents) -> Contents:
    """The files with a manifest and a list of hashes that agree with them."""
    found = {name: content for name, content in contents.items() if name not in (MANIFEST, SUMS)}
    state = {line["name"]: line["value"] for line in read_csv(STATE.name, contents[STATE.name])}
    with tempfile.TemporaryDirectory() as name:

        def sums(member: str):  # type: ignore[no-untyped-def]
            path = Path(name) / "file"
            path.write_bytes(found[member])
            return file_sums(member, path)

        every = [sums(member) for member in sorted(found)]
        found[MANIFEST] = manifest(state, every)
        found[SUMS] = sums_file([*every, sums(MANIFEST)])
    return found


def facts_of(contents: Mapping[str, bytes]) -> Facts:
    return read_facts({file.table: contents[file.name] for file in (*FILES, *EFFECTIVE_FILES) if file.name in contents})


def rebuilt(contents: Contents) -> Contents:
    """The files with every document made again from the facts."""
    found = dict(contents)
    facts = facts_of(found)
    found[CONTENT] = content_of(Moment(facts))
    facts.state["content_sha256"] = content_sha256(found[CONTENT])
    found[STATE.name] = csv_bytes(STATE.columns, [list(item) for item in facts.state.items()])
    moment = Moment(facts)
    report = coverage_of(moment, Told.read(found[REPORT]))
    return summed(found | documents(moment) | coverage_files(report))


def written_again(path: Path, name: str, change: Callable[[list[list[str]]], None]) -> Contents:
    """The files with a table of facts changed cell by cell, and everything that follows from it made again."""
    contents = opened(path)
    lines = list(csv.reader(io.StringIO(contents[name].decode("utf-8-sig"), newline=""), delimiter=";"))
    before = [list(line) for line in lines]
    change(lines)
    assert lines != before
    return rebuilt(contents | {name: csv_bytes(lines[0], [[bare(cell) for cell in line] for line in lines[1:]])})


def changed(path: Path, name: str, change: Callable[[bytes], bytes]) -> Contents:
    contents = opened(path)
    after = change(contents[name])
    assert after != contents[name], name
    return contents | {name: after}
