"""What verify-pack finds: any byte, any forged figure, and packs made to harm who opens them."""

import io
import json
import pickle
import random
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from app.claims.canonical_zip import NotCanonicalError, read_zip
from app.claims.coverage_files import REPORT
from app.claims.pack import NO_PDF_ASKED, REPORT_PDF, WITHOUT_PDF, make_pack
from app.claims.report_checks import REPORT_DOCUMENT, REPORT_ROWS
from app.claims.verification import PackRefusedError, verify_pack
from app.platform.database import Transactions, make_engine
from tests.app.claims.forging import changed, opened, rebuilt, summed, zipped
from tests.app.exports.conftest import decide_rows
from tests.app.exports.sample import GLUCOSE, POTASSIUM, SODIUM, add_sample, ans_files
from tests.conftest import World, _settings_of_tests


@pytest.fixture(scope="module")
def path(populated_database: tuple[Path, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One pack for all the tests of this file, with the report in PDF: none changes it."""
    source, members = populated_database
    settings = _settings_of_tests().model_copy(update={"data_dir": tmp_path_factory.mktemp("dossier")})
    engine = make_engine(settings.resolved_database_url)
    assert engine.url.database is not None
    shutil.copyfile(source, engine.url.database)
    try:
        sample = decide_rows(add_sample(World(engine, *pickle.loads(members)), ans_files()))
        target = settings.data_dir / "dossier.zip"
        make_pack(Transactions(engine), settings, sample.world.laboratory, sample.catalogue,
                  lambda file, _pack: target.write_bytes(file.read_bytes()))  # fmt: skip
    finally:
        engine.dispose()
    return target


def refusal(tmp_path: Path, content: bytes, expected: str = "") -> str:
    """The sentence with which a pack of these bytes is refused: one line."""
    file = tmp_path / "touche.zip"
    file.write_bytes(content)
    with pytest.raises(PackRefusedError) as caught:
        verify_pack(file, expected)
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 500
    return caught.value.message


def test_every_byte_of_what_holds_the_files_and_many_of_what_they_say(path: Path, tmp_path: Path) -> None:
    content = path.read_bytes()
    members, _ = read_zip(io.BytesIO(content), len(content))
    inside = bytearray(len(content))
    for member in members:
        inside[member.offset : member.offset + member.size] = b"\1" * member.size
    structure = [place for place, is_inside in enumerate(inside) if not is_inside]
    drawn = random.Random(14).sample([place for place, is_inside in enumerate(inside) if is_inside], 1500)
    drawn += [edge for m in members if m.size for edge in (m.offset, m.offset + m.size - 1)]
    for place in [*structure, *drawn]:
        touched = bytearray(content)
        touched[place] ^= 1 << place % 8
        with pytest.raises(NotCanonicalError, match=r"octet") as caught:
            read_zip(io.BytesIO(bytes(touched)), len(touched))
        if inside[place]:
            name = next(m.name for m in members if m.offset <= place < m.offset + m.size)
            assert f"« {name} »" in str(caught.value)
    # The sentence of the command is the same.
    touched = bytearray(content)
    touched[members[3].offset] ^= 1
    assert members[3].name in refusal(tmp_path, bytes(touched))


def test_a_byte_less_or_more_anywhere_is_found(path: Path) -> None:
    content = path.read_bytes()
    for place in [0, 1, len(content) - 1, len(content), *random.Random(3).sample(range(len(content)), 200)]:
        for touched in (content[:place] + b"x" + content[place:], content[:place] + content[place + 1 :]):
            if touched == content:
                continue
            with pytest.raises(NotCanonicalError):
                read_zip(io.BytesIO(touched), len(touched))


def test_each_file_changed_and_closed_again_is_named(path: Path, tmp_path: Path) -> None:
    """Checksums of the zip are right again: the hashes of the pack tell."""
    for name, content in opened(path).items():
        if not content:
            continue
        place = len(content) // 2
        touched = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        said = refusal(tmp_path, zipped(opened(path) | {name: touched}))
        assert "SHA256SUMS" in said, name


def test_whatever_follows_from_the_facts_is_made_again_and_compared(path: Path, tmp_path: Path) -> None:
    """Its hashes are right: a document, a figure or a link that the facts do not give is named all the same."""
    contents = opened(path)
    derived = [name for name in contents if name.startswith(("attestation", "chaine/", "chiffres/", "contenu/"))]
    derived += ["LISEZMOI.txt", "LOINC_short_license.txt", "couverture/indicateurs.csv"]
    assert len(derived) == 13
    for name in derived:
        content = contents[name]
        places = [n for n in range(len(content)) if chr(content[n]).isdigit()] or [5]
        place = places[-1] if name == "couverture/indicateurs.csv" else places[len(places) // 2]
        place = content.index(b";2;6;") + 1 if name == "couverture/indicateurs.csv" else place
        touched = content[:place] + (b"7" if content[place : place + 1] != b"7" else b"8") + content[place + 1 :]
        said = refusal(tmp_path, zipped(summed(contents | {name: touched})))
        assert name in said or "faits/" in said, (name, said)


def test_a_forger_who_builds_everything_again_meets_the_chain(path: Path, tmp_path: Path) -> None:
    forged = rebuilt(changed(path, "faits/decisions.csv", lambda b: b.replace(POTASSIUM.encode(), SODIUM.encode())))
    report = json.loads(forged[REPORT])
    assert report["figures"][0]["numerator"] == 2
    assert "n'est pas ce que dit la chaîne d'audit" in refusal(tmp_path, zipped(forged))


def test_a_text_of_a_decision_is_held_by_the_chain(path: Path, tmp_path: Path) -> None:
    change = changed(path, "faits/decisions.csv", lambda b: b.replace(b"aucun terme", b"aucun TERME"))
    said = refusal(tmp_path, zipped(rebuilt(change)))
    assert "« reason » n'est pas le texte auquel la chaîne d'audit s'engage" in said


def test_a_fact_without_its_link_is_found(path: Path, tmp_path: Path) -> None:
    def without_first(content: bytes) -> bytes:
        return content[content.index(b"\n") + 1 :]

    forged = summed(changed(path, "chaine/faits.jsonl", without_first))
    assert "n'est prouvé par aucun maillon" in refusal(tmp_path, zipped(forged))
    forged = summed(changed(path, "chaine/maillons.jsonl", without_first))
    assert "chaine/maillons.jsonl, ligne 1 : ce maillon ne suit pas" in refusal(tmp_path, zipped(forged))


@pytest.mark.parametrize("name", ["numerator", "denominator", "rate", "rows_missing", "target_reached"])
def test_a_figure_of_the_report_changed_with_every_hash_is_found(path: Path, tmp_path: Path, name: str) -> None:
    def forge(content: bytes) -> bytes:
        report = json.loads(content)
        value = report["figures"][0][name]
        report["figures"][0][name] = (not value) if isinstance(value, bool) else value + 1
        return json.dumps(report, ensure_ascii=False, indent=2).encode()

    said = refusal(tmp_path, zipped(summed(changed(path, REPORT, forge))))
    assert REPORT in said
    assert name in said


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        (REPORT_ROWS, lambda b: b.replace(b"approuv", b"accepte", 1), "par son empreinte"),
        (REPORT_DOCUMENT, lambda b: b.replace(b"PROJET", b"Version 9"), '"version">PROJET : aucune'),
    ],
)
def test_the_document_to_read_is_of_these_rows_and_of_this_version(
    path: Path, tmp_path: Path, name: str, change: Callable[[bytes], bytes], told: str
) -> None:
    said = refusal(tmp_path, zipped(summed(changed(path, name, change))))
    assert REPORT_DOCUMENT in said
    assert told in said


def test_the_share_of_a_chapter_changed_with_every_hash_is_found(path: Path, tmp_path: Path) -> None:
    def forge(content: bytes) -> bytes:
        report = json.loads(content)
        report["chapters"]["analysis"][0]["rate"] = 0.9999
        return json.dumps(report, ensure_ascii=False, indent=2).encode()

    said = refusal(tmp_path, zipped(summed(changed(path, REPORT, forge))))
    assert REPORT in said
    assert "attendu : « \"rate\": 0.6666, »" in said


def with_state(path: Path, change: Callable[[bytes], bytes]) -> dict[str, bytes]:
    """The contents with another state, and what follows from it."""
    return rebuilt(changed(path, "faits/state.csv", change))


def test_the_report_in_pdf_is_there_or_said_not_to_be(path: Path, tmp_path: Path) -> None:
    contents = opened(path)
    assert contents[REPORT_PDF].startswith(b"%PDF-")
    assert f'"name": "{REPORT_PDF}"' in contents["manifest.json"].decode()
    without = {name: content for name, content in contents.items() if name != REPORT_PDF}
    assert f"« {REPORT_PDF} » manque au dossier" in refusal(tmp_path, zipped(summed(without)))
    told = with_state(path, lambda b: b + f"{WITHOUT_PDF};{NO_PDF_ASKED}\r\n".encode().replace(
        NO_PDF_ASKED.encode(), b'"' + NO_PDF_ASKED.encode() + b'"'))  # fmt: skip
    assert "que faits/state.csv dit sans lui" in refusal(tmp_path, zipped(told))
    other = summed(contents | {REPORT_PDF: b"autre chose"})
    assert "ce n'est pas un PDF" in refusal(tmp_path, zipped(other))
    touched = contents | {REPORT_PDF: contents[REPORT_PDF] + b"%"}
    assert "SHA256SUMS" in refusal(tmp_path, zipped(touched))


EXPORTED: dict[str, tuple[str, bytes, bytes, str]] = {
    "a code of LOINC_6": (
        "LOINC_6", SODIUM.encode(), POTASSIUM.encode(), "ligne 2 : le code 2823-3 n'est pas approuvé",
    ),
    "a code left out of LOINC_6": (
        "LOINC_6", f"{SODIUM};Sodium [Moles/volume] in Serum or Plasma".encode(), b";",
        f"« NA » est approuvé avec {SODIUM}, et porte aucun code",
    ),
    "a code of a row that nobody approved": (
        "LOINC_6", b"1608 1609;;", f"1608 1609;{POTASSIUM};".encode(), "ligne 3 : le code 2823-3 n'est pas approuvé",
    ),
    "a code of LOINC_5": ("LOINC_5", b"GLYCEMIE;3016-3", b"GLYCEMIE;2951-2", "ligne 4 : le code 2951-2"),
    "a code of LOINC_4": ("LOINC_4", b"Ionogramme;18719-5", b"Ionogramme;3016-3", "ligne 2 : le code 3016-3"),
    "a code of the map": (
        "ConceptMap_LOINC", f'"code":"{GLUCOSE}"'.encode(), f'"code":"{SODIUM}"'.encode(), "« GLY » : le code 2951-2",
    ),
    "a code left out of the map in R5": (
        "ConceptMap_R5", b'"target":[{"code":"2951-2"', b'"target":[{"code":""', "le code approuvé 2951-2 n'y est pas",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", EXPORTED)
def test_a_code_of_an_export_that_the_facts_do_not_give_is_named(path: Path, tmp_path: Path, kind: str) -> None:
    """Every hash is right again."""
    word, before, after, told = EXPORTED[kind]
    (name,) = [name for name in opened(path) if name.startswith("exports/") and word in name]
    said = refusal(tmp_path, zipped(summed(changed(path, name, lambda b: b.replace(before, after, 1)))))
    assert name in said
    assert told in said


def test_the_journaled_fingerprint_tells_a_pack_that_holds_from_ours(path: Path, tmp_path: Path) -> None:
    """Rows have no link of their own: only the fingerprint says that a label was changed everywhere."""
    told = verify_pack(path).fingerprint
    forged = zipped(rebuilt(changed(path, "faits/rows.csv", lambda b: b.replace(b"POTASSIUM", b"POTASSIUN"))))
    other = tmp_path / "autre.zip"
    other.write_bytes(forged)
    assert verify_pack(other).fingerprint != told
    assert "n'est pas celle qui est attendue" in refusal(tmp_path, forged, told)
    assert verify_pack(path, f" {told.upper()}\n").fingerprint == told


def test_a_pack_that_is_not_signed_says_so(path: Path, tmp_path: Path) -> None:
    forged = rebuilt(changed(path, "faits/state.csv", lambda b: b.replace(b"PROJET : aucune", b"Version : aucune")))
    assert "n'est pas marqué PROJET" in refusal(tmp_path, zipped(forged))
    for label in ("PROJET : aucune version signée, sauf la version 1", "PROJETÉE : version 1 signée"):
        forged = rebuilt(changed(path, "faits/state.csv", lambda b, said=label: b.replace(
            "PROJET : aucune version signée".encode(), said.encode())))  # fmt: skip
        assert "n'est pas marqué PROJET" in refusal(tmp_path, zipped(forged))
    for name, content in opened(path).items():
        if name.startswith(("attestation", "LISEZMOI", "couverture/")):
            assert "PROJET" in content.decode()
        if name.startswith("exports/"):
            assert "PROJET" in name


def plain_zip(*members: tuple[str, bytes], comment: bytes = b"", deflated: bool = False) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content)
        archive.comment = comment
    return target.getvalue()


def encrypted(content: bytes) -> bytes:
    return content[:6] + b"\1" + content[7:]


def with_counts(content: bytes) -> bytes:
    end = content.rindex(b"PK\5\6")
    return content[: end + 8] + struct.pack("<HH", 0xFFFF, 0xFFFF) + content[end + 12 :]


def with_size(content: bytes) -> bytes:
    return content[:18] + struct.pack("<II", 0xFFFFFFFF, 0xFFFFFFFF) + content[26:]


def extra_entry(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    return zipped(summed(contents | {"bonus.txt": b"x"}))


HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "text": lambda _: b"ceci n'est pas un zip",
    "no member": lambda _: plain_zip(),
    "bomb": lambda _: plain_zip(("LISEZMOI.txt", b"\0" * 50_000_000), deflated=True),
    "slip": lambda _: plain_zip(("../../etc/cron.d/x", b"x")),
    "absolute": lambda _: plain_zip(("/etc/passwd", b"x")),
    "backslash": lambda _: plain_zip(("..\\x", b"x")),
    "accent": lambda _: plain_zip(("LISEZMÔI.txt", b"x")),
    "duplicates": lambda _: plain_zip(("a", b"x"), ("a", b"y")),
    "trailing": lambda content: content + b"\0",
    "leading": lambda content: b"#!" + content,
    "comment": lambda content: content[:-2] + b"\5\0salut",
    "extra entry": extra_entry,
    "encrypted": encrypted,
    "counts": with_counts,
    "size": with_size,
    "cut": lambda content: content[: len(content) // 2],
    "twice": lambda content: content + content,
    "many": lambda _: plain_zip(*((f"f{number:05d}", b"") for number in range(7000))),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_packs_are_refused_in_a_sentence(path: Path, tmp_path: Path, kind: str) -> None:
    assert refusal(tmp_path, HOSTILE[kind](path.read_bytes()))


BAD_FILES: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "bad UTF-8": ("faits/rows.csv", lambda b: b + b"\xff\xfe"),
    "NaN": (REPORT, lambda b: b.replace(b'"rate": 0.3333', b'"rate": NaN', 1)),
    "deep JSON": (REPORT, lambda _: b"[" * 200_000),
    "not an object": (REPORT, lambda _: b"[1, 2]"),
    "columns without end": ("faits/rows.csv", lambda b: b + b";" * 3_000_000 + b"\r\n"),
    "a cell without end": ("faits/changes.csv", lambda b: b + b'"' + b"x" * 3_000_000),
    "huge volume": ("faits/rows.csv", lambda b: b.replace(b";non;non;;\r\n", b";non;non;;" + b"9" * 5000 + b"\r\n", 1)),
    "an indicator without end": ("couverture/indicateurs.csv", lambda b: b + b'"' + b"x" * 200_000 + b'"\r\n'),
    "an indicator of no CSV": ("couverture/indicateurs.csv", lambda b: b + b'"a"b\r\n'),
    "no moment": ("faits/decisions.csv", lambda b: b.replace(b"T", b"t", 1)),
    "bad heads": ("chaine/tetes.json", lambda _: b"{}"),
    "deep link": ("chaine/maillons.jsonl", lambda b: b"[" * 100_000 + b"\n" + b),
    "no members": ("chaine/maillons.jsonl", lambda b: b.replace(b'"members":"', b'"members":7,"x":"', 1)),
    "empty facts": ("faits/people.csv", lambda _: b""),
    "no definition": ("faits/definitions.csv", lambda b: b[: b.index(b"\n") + 1]),
    "bad salt": ("chaine/sels.csv", lambda b: b.replace(b";reason;", b";reason;z", 1)),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_what_cannot_be_read_is_refused_in_a_sentence(path: Path, tmp_path: Path, kind: str) -> None:
    name, change = BAD_FILES[kind]
    said = refusal(tmp_path, zipped(summed(changed(path, name, change))))
    assert "SHA256SUMS" not in said
