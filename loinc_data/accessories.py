"""The other files of an official release: replacements, French names, panels, universal lab orders."""

from collections.abc import Iterator
from dataclasses import dataclass

from loinc_data.checkdigit import is_valid_loinc
from loinc_data.french import quoted
from loinc_data.release import (
    TAKE_THE_ORIGINAL,
    ReleaseError,
    ReleaseSource,
    column_key,
    find_member,
    read_table,
)

FRENCH_VARIANTS = ("frFR18", "frBE23", "frCA8")
"""In order of preference: the first that names a term gives its French name."""
VARIANT_COLUMNS = ("LOINC_NUM", "COMPONENT", "PROPERTY", "TIME_ASPCT", "SYSTEM", "SCALE_TYP", "METHOD_TYP")


@dataclass(frozen=True, slots=True)
class Replacement:
    """A row of MapTo.csv."""

    loinc_num: str
    map_to: str
    comment: str


@dataclass(frozen=True, slots=True)
class VariantName:
    """A row of a linguistic variant, fields unaltered; any may be empty."""

    loinc_num: str
    component: str
    property: str
    time_aspct: str
    system: str
    scale_typ: str
    method_typ: str
    short_name: str
    long_common_name: str
    display_name: str

    def best(self) -> str:
        """The name to display: the display name, the long common name, else the parts separated by colons."""
        if self.display_name or self.long_common_name:
            return self.display_name or self.long_common_name
        parts = (self.component, self.property, self.time_aspct, self.system, self.scale_typ, self.method_typ)
        return ":".join(parts).rstrip(":") if self.component else ""


@dataclass(frozen=True, slots=True)
class PanelRow:
    """A row of PanelsAndForms.csv: a panel contains a term."""

    panel_num: str
    loinc_num: str
    sequence: int
    requirement: str


def _code(name: str, row: dict[str, str], column: str) -> str:
    code = row[column].strip()
    if not is_valid_loinc(code):
        raise ReleaseError(f"{quoted(name)}\u202f: {quoted(code)} n'est pas un code LOINC. {TAKE_THE_ORIGINAL}")
    return code


def read_map_to(source: ReleaseSource) -> Iterator[Replacement]:
    """The replacements; a code may have several, each with its comment. Nothing when the file is absent."""
    name = find_member(source, "LoincTable/MapTo.csv") or find_member(source, "MapTo.csv")
    if name is None:
        return
    for row in read_table(source, name, ("LOINC", "MAP_TO")):
        yield Replacement(_code(name, row, "loinc"), _code(name, row, "mapto"), row.get("comment", ""))


def french_variants(source: ReleaseSource) -> dict[str, tuple[str, str]]:
    """The French variants present: identifier → (member, producer), in order of preference.

    A variant is recognised by the start of its name, so that a later frFR19 is read as well.
    """
    producers = _producers(source)
    found: dict[str, tuple[str, str]] = {}
    for name in source.names():
        base = name.rsplit("/", 1)[-1]
        if base.lower().endswith("linguisticvariant.csv") and base.startswith("fr"):
            variant = base[: -len("LinguisticVariant.csv")]
            found[variant] = (name, producers.get(variant) or f"variante LOINC {variant}")
    return dict(sorted(found.items(), key=lambda item: (_preference(item[0]), item[0])))


def _preference(variant: str) -> int:
    countries = [known[:4] for known in FRENCH_VARIANTS]
    return countries.index(variant[:4]) if variant[:4] in countries else len(countries)


def _producers(source: ReleaseSource) -> dict[str, str]:
    name = find_member(source, "LinguisticVariants.csv")
    if name is None:
        return {}
    producers: dict[str, str] = {}
    for row in read_table(source, name, ("ID", "ISO_LANGUAGE", "ISO_COUNTRY", "PRODUCER")):
        producers[f"{row['isolanguage']}{row['isocountry']}{row['id']}"] = row["producer"]
    return producers


def read_variant(source: ReleaseSource, name: str) -> Iterator[VariantName]:
    """The names of one linguistic variant."""
    for row in read_table(source, name, VARIANT_COLUMNS):
        yield VariantName(
            loinc_num=_code(name, row, "loincnum"),
            component=row["component"],
            property=row["property"],
            time_aspct=row["timeaspct"],
            system=row["system"],
            scale_typ=row["scaletyp"],
            method_typ=row["methodtyp"],
            short_name=row.get("shortname", ""),
            long_common_name=row.get("longcommonname", ""),
            display_name=row.get(column_key("LinguisticVariantDisplayName"), ""),
        )


def read_panels(source: ReleaseSource) -> Iterator[PanelRow]:
    """What panels contain, without the row that repeats the panel itself. Nothing when the file is absent."""
    name = find_member(source, "PanelsAndForms.csv")
    if name is None:
        return
    for row in read_table(source, name, ("ParentLoinc", "Loinc", "SEQUENCE")):
        panel, member = row["parentloinc"].strip(), row["loinc"].strip()
        if panel != member and is_valid_loinc(panel) and is_valid_loinc(member):
            sequence = row["sequence"].strip()
            position = int(sequence) if sequence.isdigit() else 0
            yield PanelRow(panel, member, position, row.get("observationrequiredinpanel", ""))


def read_lab_orders(source: ReleaseSource) -> Iterator[tuple[str, str]]:
    """(code, long common name) of the Universal Lab Orders value set. Nothing when the file is absent."""
    name = find_member(source, "LoincUniversalLabOrdersValueSet.csv")
    if name is None:
        return
    for row in read_table(source, name, ("LOINC_NUM",)):
        yield _code(name, row, "loincnum"), row.get("longcommonname", "")
