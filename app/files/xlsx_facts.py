"""What the parts of an XLSX workbook say of its sheets: where each one is, and how its numbers are formatted."""

from posixpath import join, normpath
from typing import Any

from app.files.number_formats import built_in, is_general

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
    """The sheets of the workbook by name, and whether it asks to be calculated."""

    def __init__(self) -> None:
        self.relations: dict[str, str] = {}
        self.targets: dict[str, str] = {}
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
                identifier = next((value for key, value in attributes.items() if key.endswith(":id")), "")
                self.relations[attributes.get("name", "")] = identifier
            case "calcPr":
                self.must_calculate = attributes.get("fullCalcOnLoad") in ("1", "true")

    def _relation(self, name: str, attributes: dict[str, str]) -> None:
        if _local(name) == "Relationship":
            target = attributes.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
            self.targets[attributes.get("Id", "")] = path.lower()

    def parts(self) -> dict[str, str]:
        """Name of a sheet -> its part."""
        return {name: self.targets.get(identifier, "") for name, identifier in self.relations.items()}
