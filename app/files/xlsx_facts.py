"""What the parts of an XLSX workbook say of its sheets: where each one is, and how its numbers are formatted."""

from posixpath import join
from typing import Any
from urllib.parse import unquote

from app.files.number_formats import built_in, is_general
from app.files.zip_safety import UnsafeWorkbookError, plain_path

MAIN_PARTS = ("xl/styles.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels")
"""Read before the sheets, which refer to them."""


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class Styles:
    """The number format of each style of cell."""

    def __init__(self) -> None:
        self.own: dict[str, str] = {}
        self.in_cell_styles = False
        self.formats: list[str] = []
        """Format by style; empty for numbers that are shown as they are, and for dates."""

    def read(self, parser: Any) -> None:
        """Follow `xl/styles.xml`."""
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match _local(name):
            case "numFmt":
                self.own[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
            case "cellXfs":
                self.in_cell_styles = True
            case "xf" if self.in_cell_styles:
                number = attributes.get("numFmtId", "0")
                code = self.own.get(number) or (built_in(int(number)) if number.isdecimal() else "")
                self.formats.append("" if is_general(code) else code)

    def _end(self, name: str) -> None:
        if _local(name) == "cellXfs":
            self.in_cell_styles = False

    def by_name(self) -> dict[str, str]:
        """Style as cells name it -> format of its numbers, for those that are not shown as they are."""
        return {str(number): code for number, code in enumerate(self.formats) if code}


class Book:
    """The sheets of the workbook by name, and whether it asks to be calculated.

    Readers differ on what they make of an odd workbook: whatever one of them could take for a sheet is one here.
    """

    def __init__(self) -> None:
        self.relations: dict[str, list[str]] = {}
        self.targets: dict[str, list[str]] = {}
        self.shared_texts: set[str] = set()
        self.must_calculate = False

    def read_sheets(self, parser: Any) -> None:
        """Follow `xl/workbook.xml`."""
        parser.StartElementHandler = self._sheet

    def read_relations(self, parser: Any) -> None:
        """Follow the part that says where each sheet is."""
        parser.StartElementHandler = self._relation

    def _sheet(self, name: str, attributes: dict[str, str]) -> None:
        match _local(name):
            case "sheet":
                told = attributes.get("name", "")
                if told in self.relations:
                    raise UnsafeWorkbookError("le classeur a deux feuilles du même nom")
                self.relations[told] = [value for key, value in attributes.items() if key.endswith(":id")]
            case "calcPr":
                self.must_calculate = attributes.get("fullCalcOnLoad") in ("1", "true")

    def _relation(self, name: str, attributes: dict[str, str]) -> None:
        if _local(name) != "Relationship":
            return
        target = attributes.get("Target", "")
        paths = [plain_path(path if path.startswith("/") else join("xl", path)) for path in (target, unquote(target))]
        self.targets.setdefault(attributes.get("Id", ""), []).extend(dict.fromkeys(paths))
        if attributes.get("Type", "").endswith("/sharedStrings"):
            self.shared_texts.update(paths)

    def candidates(self) -> dict[str, list[str]]:
        """Name of a sheet -> the parts that a reader could take for it."""
        return {
            name: [path for identifier in identifiers for path in self.targets.get(identifier, ())]
            for name, identifiers in self.relations.items()
        }

    def watched(self) -> set[str]:
        """All of these parts."""
        return {path for paths in self.candidates().values() for path in paths}

    def parts(self) -> dict[str, str]:
        """Name of a sheet -> its part."""
        return {name: paths[-1] if paths else "" for name, paths in self.candidates().items()}
