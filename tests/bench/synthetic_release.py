"""Writing a release of any size in the official layout, to measure loading and searching.

The names are invented from a vocabulary; the codes are numbers with a right check digit. This is not LOINC.
"""

import argparse
import csv
import io
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

from loinc_data.checkdigit import check_digit

COLUMNS = """
    LOINC_NUM COMPONENT PROPERTY TIME_ASPCT SYSTEM SCALE_TYP METHOD_TYP CLASS VersionLastChanged CHNG_TYPE
    DefinitionDescription STATUS CONSUMER_NAME CLASSTYPE FORMULA EXMPL_ANSWERS SURVEY_QUEST_TEXT
    SURVEY_QUEST_SRC UNITSREQUIRED RELATEDNAMES2 SHORTNAME ORDER_OBS HL7_FIELD_SUBFIELD_ID
    EXTERNAL_COPYRIGHT_NOTICE EXAMPLE_UNITS LONG_COMMON_NAME EXAMPLE_UCUM_UNITS STATUS_REASON STATUS_TEXT
    CHANGE_REASON_PUBLIC COMMON_TEST_RANK COMMON_ORDER_RANK HL7_ATTACHMENT_STRUCTURE
    EXTERNAL_COPYRIGHT_LINK PanelType AskAtOrderEntry AssociatedObservations VersionFirstReleased
    ValidHL7AttachmentRequest DisplayName
""".split()
VARIANT_COLUMNS = """
    LOINC_NUM COMPONENT PROPERTY TIME_ASPCT SYSTEM SCALE_TYP METHOD_TYP CLASS SHORTNAME LONG_COMMON_NAME
    RELATEDNAMES2 LinguisticVariantDisplayName
""".split()
STEMS = """
    gluco calci natri kali ferri magnesi phospho creatini bili albumi globuli trans lacto amino cortiso testo
    estra thyro para insuli renni aldo pepti lipo chole trigly apo fibri thrombo hemo leuko erythro lympho
    mono neutro
""".split()
ENDS = """
    se um ine ate ol one in ogen ase idine yl oside amide itol ulin ocyte emia itin umin
""".split()
PROPERTIES = ("SCnc", "MCnc", "NCnc", "CCnc", "ACnc", "PrThr", "Titr", "Susc", "MRat", "SRat", "Imp")
SYSTEMS = ("Ser/Plas", "Urine", "Bld", "CSF", "Stool", "Body fld", "Isolate", "XXX", "Semen", "Saliva")
NAMES = (
    "Serum or Plasma", "Urine", "Blood", "Cerebral spinal fluid", "Stool", "Body fluid", "Isolate", "Specimen",
    "Semen", "Saliva",
)  # fmt: skip
METHODS = ("", "", "", "IA", "IF", "Probe.amp.tar", "HPLC", "Automated count", "Culture", "Electrophoresis")


def code_of(position: int) -> str:
    """The code number `position`, with its check digit."""
    body = str(position + 1)
    return f"{body}-{check_digit(body)}"


def rows(count: int, seed: int = 7) -> Iterator[dict[str, str]]:
    """Rows of Loinc.csv."""
    draw = random.Random(seed)
    for position in range(count):
        component = draw.choice(STEMS).capitalize() + draw.choice(ENDS)
        if draw.random() < 0.4:
            kind = draw.choice(("Ab", "Ag", "DNA", "total", "free"))
            component += f" {draw.choice(STEMS)}{draw.choice(ENDS)} {kind}"
        if draw.random() < 0.2:
            component += f" {draw.randint(1, 400)}"
        system = draw.randrange(len(SYSTEMS))
        method = draw.choice(METHODS)
        property_ = draw.choice(PROPERTIES)
        name = f"{component} [{property_}] in {NAMES[system]}" + (f" by {method}" if method else "")
        row = dict.fromkeys(COLUMNS, "")
        row.update(
            LOINC_NUM=code_of(position),
            COMPONENT=component,
            PROPERTY=property_,
            TIME_ASPCT="24H" if property_ in ("MRat", "SRat") else "Pt",
            SYSTEM=SYSTEMS[system],
            SCALE_TYP="Ord" if property_ == "PrThr" else "Qn",
            METHOD_TYP=method,
            CLASS="CHEM",
            VersionLastChanged="2.99",
            DefinitionDescription="An invented definition, to give the file its usual size. " * 3,
            STATUS="DEPRECATED" if position % 40 == 0 else "ACTIVE",
            CLASSTYPE="1" if position % 9 < 5 else str(2 + position % 3),
            RELATEDNAMES2="; ".join(draw.choice(STEMS) for _ in range(25)),
            SHORTNAME=f"{component[:12]} {SYSTEMS[system]}-{property_}",
            ORDER_OBS="Both",
            EXAMPLE_UCUM_UNITS="mmol/L",
            LONG_COMMON_NAME=name,
            COMMON_TEST_RANK=str(position % 20000) if position % 6 == 0 else "0",
            DisplayName=name,
        )
        yield row


def french_rows(count: int, seed: int = 7) -> Iterator[dict[str, str]]:
    """Rows of a linguistic variant: every second term, some fields empty."""
    for position, row in enumerate(rows(count, seed)):
        if position % 2 == 0:
            name = f"{row['COMPONENT']}e [{row['PROPERTY']}] Sérum/Plasma" if position % 4 == 0 else ""
            yield {
                **dict.fromkeys(VARIANT_COLUMNS, ""),
                "LOINC_NUM": row["LOINC_NUM"],
                "COMPONENT": f"{row['COMPONENT']}e",
                "PROPERTY": row["PROPERTY"],
                "TIME_ASPCT": "Ponctuel",
                "SYSTEM": row["SYSTEM"],
                "SCALE_TYP": "Numérique",
                "LONG_COMMON_NAME": name,
                "RELATEDNAMES2": "synonyme ; " * 12,
            }


def _write(archive: zipfile.ZipFile, name: str, columns: list[str], lines: Iterator[dict[str, str]]) -> None:
    with archive.open(name, "w") as raw, io.TextIOWrapper(raw, encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, columns, quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(lines)


def write_release(path: Path, count: int, version: str = "2.99") -> Path:
    """Write a zip with `count` terms, three French variants and replacements."""
    folder = f"Loinc_{version}"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        _write(archive, f"{folder}/LoincTable/Loinc.csv", COLUMNS, rows(count))
        replaced = ({"LOINC": code_of(at), "MAP_TO": code_of(at + 1), "COMMENT": ""} for at in range(0, count - 1, 40))
        _write(archive, f"{folder}/LoincTable/MapTo.csv", ["LOINC", "MAP_TO", "COMMENT"], replaced)
        variants = f"{folder}/AccessoryFiles/LinguisticVariants"
        for variant in ("frFR18", "frBE23", "frCA8"):
            _write(archive, f"{variants}/{variant}LinguisticVariant.csv", VARIANT_COLUMNS, french_rows(count))
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a synthetic release in the official layout.")
    parser.add_argument("path", type=Path)
    parser.add_argument("--terms", type=int, default=112_000)
    arguments = parser.parse_args()
    write_release(arguments.path, arguments.terms)
