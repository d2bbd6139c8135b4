"""LOINC_4, LOINC_5, LOINC_6: the right codes beside the right rows, nothing else changed."""

import re

import pytest

from app.errors import ConflictError
from app.exports.ans_files import transcoded_file
from app.exports.schemas import ExportFile, ExportKind
from app.exports.service import ExportRequest, build, read_material
from app.files.choices import Choices, Duplicates, IncomingFile
from app.files.tabular import read_table
from app.models import Action, Level, Outcome, Status, ValueSetKind, utc_now
from app.platform.database import reading
from app.publication.assessment import assess
from app.publication.lookup import RowLookup
from app.publication.schemas import Incomplete, PublishedRelease, PublishedTerm, PublishedTest
from app.settings import Settings
from app.text import stamp_day
from tests.app.exports.sample import (
    CHEMISTRY,
    CREATININE,
    GLUCOSE,
    GLUCOSE_FRENCH,
    LOINC_1,
    LOINC_2,
    LOINC_3,
    POTASSIUM,
    SODIUM,
    TERMS,
    TSH,
    Sample,
    add_sample,
    add_value_set,
    ans_files,
)
from tests.conftest import BIOLOGIST, World


def export(sample: Sample, settings: Settings, kind: ExportKind, **choices: object) -> ExportFile:
    with reading(sample.world.engine) as session:
        request = ExportRequest(kind, **choices)  # type: ignore[arg-type]
        material = read_material(session, sample.world.laboratory, sample.catalogue, request)
    return build(material, settings, request, utc_now(), "Test")[0]


def test_loinc_6_appends_only_approved_codes(decided: Sample, settings: Settings) -> None:
    lines = export(decided, settings, ExportKind.LOINC_6).content.decode().split("\r\n")
    received = LOINC_3.split("\r\n")
    assert lines == [
        received[0] + ";Code LOINC analyse;Libellé LOINC analyse",
        received[1] + f";{SODIUM};{TERMS[SODIUM]}",
        received[2] + ";;",
        # The official French name contains the delimiter: it is quoted, as in any CSV.
        received[3] + f';{GLUCOSE};"{GLUCOSE_FRENCH}"',
        received[4] + ";;",
        received[5] + ";;",
        received[6] + ";;",
        received[7] + ";;",
        "",
    ]


def test_loinc_5_repeats_the_code_of_the_exam_on_each_of_its_rows(decided: Sample, settings: Settings) -> None:
    decided.approve("IONO", SODIUM, Level.EXAM)
    lines = export(decided, settings, ExportKind.LOINC_5).content.decode().split("\r\n")
    received = LOINC_2.split("\r\n")
    assert lines[0] == received[0] + ";Code LOINC examen;Libellé LOINC examen"
    assert lines[1:3] == [row + f";{SODIUM};{TERMS[SODIUM]}" for row in received[1:3]]
    assert lines[3] == received[3] + f";{TSH};{TERMS[TSH]}"


def test_loinc_4_tells_apart_sub_chapters_that_share_a_code(decided: Sample, settings: Settings) -> None:
    decided.act(decided.test_id("AUT", Level.SUBCHAPTER, 1), Action.CHOOSE, loinc_num=TSH)
    decided.act(decided.test_id("AUT", Level.SUBCHAPTER, 1), Action.APPROVE, email=BIOLOGIST)
    decided.approve("Hématologie", SODIUM, Level.CHAPTER)
    file = export(decided, settings, ExportKind.LOINC_4)
    received = LOINC_1.split("\r\n")
    chemistry = f";{CHEMISTRY};{TERMS[CHEMISTRY]}"
    assert file.content.decode().split("\r\n") == [
        received[0]
        + ";Code LOINC chapitre;Libellé LOINC chapitre;Code LOINC sous-chapitre;Libellé LOINC sous-chapitre",
        received[1] + f"{chemistry};;",
        received[2] + f"{chemistry};;",
        received[3] + f";{SODIUM};{TERMS[SODIUM]};;",
        received[4] + f";;;{TSH};{TERMS[TSH]}",
        "",
    ]


def test_names_come_from_settings_and_the_date_is_that_of_the_transcoding(decided: Sample, settings: Settings) -> None:
    today = stamp_day(utc_now())
    names = [export(decided, settings, kind).name for kind in list(ExportKind)[:3]]
    assert names == [
        f"LOINC_4_transcodage_chapitres_{today}.csv",
        f"LOINC_5_transcodage_demandes_{today}.csv",
        f"LOINC_6_transcodage_demandes_{today}.csv",
    ]
    other = settings.model_copy(update={"results_file_name": "LOINC_6_transcodage_resultats_{date}.csv"})
    assert export(decided, other, ExportKind.LOINC_6).name == f"LOINC_6_transcodage_resultats_{today}.csv"


def test_the_whole_export_is_refused_when_asked(decided: Sample, settings: Settings) -> None:
    with pytest.raises(ConflictError, match=r": 3\."):
        export(decided, settings, ExportKind.LOINC_6, incomplete=Incomplete.REFUSE)
    for code, loinc in (("K", POTASSIUM), ("CREA", CREATININE), ("TSH", TSH)):
        decided.approve(code, loinc)
    # Rows approved as "no code" or "out of scope" are finished: nothing is missing.
    file = export(decided, settings, ExportKind.LOINC_6, incomplete=Incomplete.REFUSE)
    assert (file.rows, file.coded) == (7, 5)


def test_a_code_unknown_to_the_release_never_leaves(decided: Sample, settings: Settings) -> None:
    decided.approve("TSH", "11580-8")
    file = export(decided, settings, ExportKind.LOINC_6)
    assert b"11580-8" not in file.content
    with pytest.raises(ConflictError):
        export(decided, settings, ExportKind.LOINC_6, incomplete=Incomplete.REFUSE)


def test_a_missing_received_file_is_said(world: World, settings: Settings) -> None:
    sample = add_sample(world, ans_files()[2:])
    with pytest.raises(ConflictError, match="LOINC_2"):
        export(sample, settings, ExportKind.LOINC_5)


def test_an_ans_value_set_gives_the_french_name_and_the_code_of_a_chapter(decided: Sample, settings: Settings) -> None:
    circuit = {SODIUM: "Sodium [Moles/Volume] Sérum/Plasma", CHEMISTRY: "Biochimie"}
    add_value_set(decided.world, ValueSetKind.CIRCUIT_BIOLOGIE, circuit)
    add_value_set(decided.world, ValueSetKind.CHAPTERS, {"18725-2": "Microbiologie"})
    decided.approve("SER", "18725-2", Level.CHAPTER)
    assert f";{SODIUM};{circuit[SODIUM]}\r\n" in export(decided, settings, ExportKind.LOINC_6).content.decode()
    chapters = export(decided, settings, ExportKind.LOINC_4).content.decode()
    assert ";18725-2;Microbiologie;" in chapters
    assert f";{CHEMISTRY};Biochimie;" in chapters


ENCODINGS = ["utf-8", "utf-8-sig", "cp1252", "utf-16"]


def written(text: str, encoding: str, end: str = "\r\n", quoted: bool = False) -> bytes:
    """A file as some laboratory system would write it."""
    if quoted:
        text = re.sub(r"[^;\r\n]+", lambda found: f'"{found[0]}"', text)
    return text.replace("\r\n", end).encode(encoding)


def without_new_cells(exported: bytes, encoding: str, end: str, quoted: bool, header: bool) -> bytes:
    """The exported LOINC_6 without its two last cells, which must be the expected ones."""
    codec = "utf-16-le" if encoding == "utf-16" else encoding.removesuffix("-sig")
    quote = '"' if quoted else ""
    tails = {
        "NA": f";{quote}{SODIUM}{quote};{quote}{TERMS[SODIUM]}{quote}",
        "GLY": f';{quote}{GLUCOSE}{quote};"{GLUCOSE_FRENCH}"',
        "Code analyse": f";{quote}Code LOINC analyse{quote};{quote}Libellé LOINC analyse{quote}",
    }
    assert header is ("Code LOINC" in exported.decode(codec))
    restored = []
    for line in exported.split(end.encode(codec)):
        code = line.decode(codec).lstrip("\ufeff").split(";")[0].strip('"')
        tail = tails.get(code, ';"";""' if quoted else ";;").encode(codec) if line else b""
        assert line.endswith(tail)
        restored.append(line[: len(line) - len(tail)])
    return end.encode(codec).join(restored)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_received_columns_are_byte_identical(world: World, settings: Settings, encoding: str) -> None:
    content = written(LOINC_3, encoding)
    sample = add_sample(world, [IncomingFile("LOINC_3_export_resultats_20261101.csv", content)])
    sample.approve("NA", SODIUM)
    sample.approve("GLY", GLUCOSE)
    exported = export(sample, settings, ExportKind.LOINC_6).content
    assert without_new_cells(exported, encoding, "\r\n", quoted=False, header=True) == content


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("quoted", [True, False])
@pytest.mark.parametrize("last_end", [True, False])
def test_every_way_of_writing_is_kept(encoding: str, end: str, header: bool, quoted: bool, last_end: bool) -> None:
    text = LOINC_3 if header else LOINC_3.split("\r\n", 1)[1]
    content = written(text if last_end else text.removesuffix("\r\n"), encoding, end, quoted)
    table = read_table("LOINC_3_export_resultats_20261101.csv", content)
    assert table.dialect.header_rows == header
    tests = [
        PublishedTest(
            id=number,
            level=Level.ANALYSIS,
            code=code,
            label=code,
            status=Status.APPROVED,
            outcome=Outcome.CODE,
            loinc_num=loinc,
            term=PublishedTerm(loinc, TERMS[loinc], french),
        )
        for number, (code, loinc, french) in enumerate([("NA", SODIUM, ""), ("GLY", GLUCOSE, GLUCOSE_FRENCH)])
    ]
    exported = transcoded_file(
        ExportKind.LOINC_6,
        content,
        table.dialect,
        {},
        RowLookup.build(tests, {}),
        assess(tests, PublishedRelease(1, "2.80", "official")),
    )
    assert exported.appended.content.decode(encoding).endswith(end) is last_end
    assert exported.coded == 2
    assert len(exported.unknown_rows) == 5
    assert without_new_cells(exported.appended.content, encoding, end, quoted, header) == content


def framed(content: bytes) -> bytes:
    """A file whose first column is written so that a spreadsheet leaves it alone, headings included."""
    lines = content.decode().split("\r\n")
    return "\r\n".join(
        f'"=""{first}""";{rest}' if rest else first for first, _, rest in (line.partition(";") for line in lines)
    ).encode()


def test_codes_framed_for_a_spreadsheet_are_found_again_and_given_back_as_they_came(
    world: World, settings: Settings
) -> None:
    exams, analyses = framed(written(LOINC_2, "utf-8")), framed(written(LOINC_3, "utf-8"))
    files = [
        IncomingFile("LOINC_2_export_demandes_20261101.csv", exams),
        IncomingFile("LOINC_3_export_resultats_20261101.csv", analyses),
    ]
    sample = add_sample(world, files)
    sample.approve("NA", SODIUM)
    sample.approve("IONO", TSH, Level.EXAM)
    result = export(sample, settings, ExportKind.LOINC_6).content
    line = next(line for line in result.split(b"\r\n") if line.startswith(b'"=""NA"""'))
    assert SODIUM.encode() in line
    assert result.replace(line, b"").count(SODIUM.encode()) == 0
    exported = export(sample, settings, ExportKind.LOINC_5).content.split(b"\r\n")
    for before, after in zip(exams.split(b"\r\n"), exported, strict=True):
        assert after.startswith(before)
    assert sum(TSH.encode() in line for line in exported) == 2


def test_a_row_left_out_for_its_code_never_gets_the_code_of_the_row_that_was_kept(
    world: World, settings: Settings
) -> None:
    content = LOINC_3.replace("K;POTASSIUM;;;U1;mmol/L;PT;SE;Sérum", "NA;SODIUM;;;U1;mmol/L;PT;UR;Urines").encode()
    file = IncomingFile("LOINC_3_a.csv", content, Choices(duplicates=Duplicates.FIRST))
    sample = add_sample(world, [file])
    sample.approve("NA", SODIUM)
    done = export(sample, settings, ExportKind.LOINC_6)
    lines = done.content.decode().split("\r\n")
    assert lines[1].endswith(f";{SODIUM};{TERMS[SODIUM]}")
    assert lines[2].endswith(";;")
    notes = " ".join(done.notes)
    assert "Codes en double à l'import : garder la première ligne de chaque code" in notes
    assert "sans correspondance dans le catalogue, laissées sans code : 1 (n° 3)" in notes
