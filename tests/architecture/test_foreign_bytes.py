"""Who parses bytes that somebody else wrote, and what keeps each from taking its process along."""

import ast
from pathlib import Path

PARSERS = frozenset(
    "zipfile gzip bz2 lzma tarfile openpyxl python_calamine defusedxml lxml xml.etree.ElementTree xml.parsers.expat "
    "xml.sax xml.dom xml.dom.minidom pickle marshal yaml struct PIL".split()
)
"""Modules that make values of bytes whose size is not that of the values."""
READERS = "read in the process beside (`app/platform/apart.py`), whose memory and time are limited"
OURS = "writes only"
KNOWN = {
    "app/files/archive.py": READERS,
    "app/files/fhir_xml.py": READERS,
    "app/files/foreign_packages.py": READERS,
    "app/files/guard.py": READERS,
    "app/files/ods_check.py": READERS,
    "app/files/workbook.py": READERS,
    "app/files/xls_check.py": READERS,
    "app/files/xls_facts.py": READERS,
    "app/files/xlsx_check.py": READERS,
    "app/files/zip_safety.py": READERS,
    "app/fhir_resources/received_xml.py": READERS,
    "app/exports/original.py": READERS,
    "app/fhir/parameters_xml.py": "a question of a megabyte, read as it comes: elements and depth counted, no DTD",
    "app/code_requests/files.py": OURS,
    "app/exports/archive.py": OURS,
    "app/exports/decision_sheet.py": OURS,
    "app/exports/sheet_layout.py": OURS,
    "app/exports/workbook_bytes.py": OURS,
    "app/exports/workbook_conversion.py": READERS,
    "app/claims/canonical_zip.py": "packs, in one form only: stored members, read by our own few lines within a size",
    "app/upkeep/erasure_places.py": "a command of the owner of the machine; each part is inflated up to a size",
    "loinc_data/release.py": "loads are read beside; a command of the owner (`propose --release`) streams its members",
}
"""Module -> what bounds it. A new reader of foreign bytes is added here with its reason, or read beside."""
ASKED_BESIDE = {
    "app/catalogues/drafts.py": "examined",
    "app/earlier/routes.py": "service.opened",
    "app/earlier/service.py": "read_received",
    "app/exports/writers.py": "complete_packed complete_definitions",
    "app/memory/service.py": "read_received",
    "app/reimport/jobs.py": "_read_one",
    "app/terminology/loading.py": "content_hash_of read_release",
    "app/terminology/value_sets.py": "read_lists",
}
"""The ways in for files, and what each of them hands to the process beside."""
GIVEN = {
    "app/exports/cli.py": "beside(settings, engine)",
    "app/exports/jobs.py": "for_jobs(engine)",
    "app/exports/routes.py": "apart=apart",
    "app/upgrades/cli.py": "beside(settings, engine)",
    "app/upgrades/jobs.py": "apart=for_jobs(engine)",
    "app/upgrades/routes.py": "apart",
}
"""Who asks for it, and the process that is given: a way in that gives none would read where it is."""
OPENERS = frozenset({"read_file", "unpacked", "read_table", "open_workbook", "read_workbook", "read_mappings"})


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {item.name for item in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{item.name}" for item in node.names)}
    return {name for name in found if any(name == parser or name.startswith(f"{parser}.") for parser in PARSERS)}


def _modules(*roots: str) -> list[Path]:
    return [path for root in roots for path in sorted(Path(root).rglob("*.py"))]


def test_every_parser_of_foreign_bytes_is_known() -> None:
    only_writes = {"xml.sax.saxutils", "xml.sax.saxutils.escape", "xml.sax.saxutils.quoteattr"}
    paths = _modules("app", "matcher", "loinc_data")
    found = {str(path) for path in paths if _imports(path) - only_writes - {"xml.sax"}}
    assert found == KNOWN.keys()


def test_the_ways_in_hand_their_files_to_the_process_beside() -> None:
    for name, functions in ASKED_BESIDE.items():
        tree = ast.parse(Path(name).read_text(encoding="utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        asking = [node for node in calls if ast.unparse(node.func).endswith((".run", ".stream", "read_beside"))]
        asked = {ast.unparse(argument) for node in asking for argument in node.args}
        for function in functions.split():
            assert function in asked, (name, function)
            assert not any(ast.unparse(node.func) == function for node in calls), (name, function)


def test_whoever_asks_gives_the_process_beside() -> None:
    for name, given in GIVEN.items():
        assert given in Path(name).read_text(encoding="utf-8"), name


def test_no_route_opens_a_file_itself() -> None:
    for path in (path for path in _modules("app") if path.name.endswith("routes.py")):
        called = {
            ast.unparse(node.func).rpartition(".")[2]
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call)
        }
        assert not called & OPENERS, path
