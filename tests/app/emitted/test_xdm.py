"""Reports that travel in a zip: packages of secure mail, and files together."""

import io
import tracemalloc
import zipfile
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.emitted import xdm
from app.emitted.observed import CodeSystems, Damaged, NoReport, Observed, ObservedReport
from app.emitted.xdm import looks_like_zip, read_xdm
from app.files.zip_safety import Bounds
from tests.app.emitted.cda_documents import LEVEL_1, MARK, act, chapter, code, document, observation

RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
UNIQUE_ID = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"


def zipped(parts: dict[str, str | bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


def metadata(
    documents: dict[str, str], *associations: tuple[str, str, str], files: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The metadata of a package: object -> unique identifier, (kind, source, target), and object -> part."""
    objects = "".join(
        f'<ExtrinsicObject id="{name}"><Slot name="URI"><ValueList><Value>{files.get(name, "")}</Value></ValueList>'
        f'</Slot><ExternalIdentifier identificationScheme="{UNIQUE_ID}" value="{value}"/></ExtrinsicObject>'
        for name, value in documents.items()
    )
    relations = "".join(
        f'<Association associationType="urn:ihe:iti:2007:AssociationType:{kind}" sourceObject="{source}" '
        f'targetObject="{target}"/>'
        for kind, source, target in associations
    )
    return f'<SubmitObjectsRequest xmlns="{RIM}">{objects}{relations}</SubmitObjectsRequest>'


REPORT = document(chapter(act(observation(code("2951-2")))), identifier="1.1", set_id="1")
SECOND = document(chapter(act(observation(code("2951-2")))), identifier="2.1", set_id="2")


def refuse(content: bytes, place: str, systems: CodeSystems) -> Iterator[Observed]:
    yield Damaged(place, f"lu autrement, {len(content)} octets")


def read(content: bytes) -> list[Observed]:
    return list(read_xdm(content, "fichier 3", CodeSystems(), refuse))


def reports(content: bytes) -> list[ObservedReport]:
    found = read(content)
    assert all(isinstance(item, ObservedReport) for item in found), found
    return [item for item in found if isinstance(item, ObservedReport)]


def test_a_package_gives_its_documents_and_nothing_of_what_surrounds_them() -> None:
    content = zipped(
        {
            "INDEX.HTM": f"<html>{MARK}</html>", "README.TXT": "lisez-moi", "IHE_XDM/": b"",
            "IHE_XDM/SUBSET01/METADATA.XML": metadata({"a": "1.1"}),
            "IHE_XDM/SUBSET01/DOC0001.XML": REPORT, "IHE_XDM/SUBSET01/STYLE.XSL": "<x/>",
            "IHE_XDM/SUBSET01/DOC0001.PDF": b"%PDF-1.4",
        }
    )  # fmt: skip
    assert looks_like_zip(content)
    (found,) = reports(content)
    assert (found.place, len(found.results)) == ("fichier 3, document 1", 1)


@pytest.mark.parametrize(
    ("kind", "replaces", "shares"),
    [("RPLC", True, False), ("XFRM_RPLC", True, False), ("XFRM", False, True), ("APND", False, True),
     ("HasMember", False, False)],
)  # fmt: skip
def test_the_metadata_say_what_replaces_transforms_or_completes_what(kind: str, replaces: bool, shares: bool) -> None:
    content = zipped(
        {"A/METADATA.XML": metadata({"a": "1.1", "b": "2.1^"}, (kind, "b", "a")), "A/1.XML": REPORT, "A/2.XML": SECOND}
    )
    first, second = reports(content)
    assert ("1.1^" in second.replaces) is replaces
    assert ("1.1^" in second.keys) is shares
    assert second.is_whole is (kind != "APND")
    assert first.replaces == frozenset()


def test_a_report_counts_whatever_it_is_called() -> None:
    content = zipped({"copie.txt": document(body=LEVEL_1), "compte rendu.xsl": REPORT})
    assert [item.is_structured for item in reports(content)] == [False, True]


def test_other_files_are_read_as_their_kind() -> None:
    assert read(zipped({"messages.hl7": b"MSH|"})) == [Damaged("fichier 3, document 1", "lu autrement, 4 octets")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"PK\x03\x04 rien", "abîmée", id="damaged"),
        pytest.param(zipped({"lisez-moi.txt": "x", "a/logo.png": "x", "vide.xml": " "}), "aucun", id="no report"),
        pytest.param(zipped({f"{n}.xml": "" for n in range(20_001)}), "trop de parties", id="too many parts"),
        pytest.param(zipped({"a.xml": b" " * 60_000_000}), "compressée", id="a bomb"),
    ],
)
def test_a_hostile_zip_is_refused_by_its_place(content: bytes, said: str) -> None:
    (found,) = read(content)
    assert isinstance(found, Damaged)
    assert found.place == "fichier 3"
    assert said in found.reason


def test_a_zip_in_a_zip_is_left_to_whoever_reads_files_of_any_kind() -> None:
    """It knows how deep it stands: nothing is opened here."""
    inner = zipped({"a.xml": REPORT})
    (found,) = read(zipped({"dedans.zip": inner}))
    assert found == Damaged("fichier 3, document 1", f"lu autrement, {len(inner)} octets")


def test_thousands_of_reports_in_one_zip_are_read_one_at_a_time() -> None:
    content = zipped({f"{n}.xml": REPORT for n in range(1_500)})
    reading = read_xdm(content, "fichier 3", CodeSystems(), refuse)
    tracemalloc.start()
    try:
        places = [item.place for item in reading]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (places[0], places[-1], len(places)) == ("fichier 3, document 1", "fichier 3, document 1500", 1_500)
    assert peak < 10_000_000


@pytest.mark.parametrize(
    ("bounds", "said"),
    [(Bounds(parts=1, inflated=10**9), "trop de parties"), (Bounds(parts=9, inflated=len(REPORT)), "trop volumineuse")],
)
def test_a_zip_beyond_the_bounds_of_reports_is_refused_whole(
    monkeypatch: pytest.MonkeyPatch, bounds: Bounds, said: str
) -> None:
    monkeypatch.setattr(xdm, "MOST", bounds)
    (found,) = read(zipped({"a.xml": REPORT, "b.xml": SECOND}))
    assert isinstance(found, Damaged)
    assert said in found.reason


def test_a_part_that_is_too_long_is_told_and_the_others_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xdm, "MOST_PART_BYTES", len(REPORT))
    found = read(zipped({"a.xml": REPORT + " ", "b.xml": REPORT}))
    assert [type(item) for item in found] == [Damaged, ObservedReport]


def test_what_stands_beside_reports_in_a_plain_zip_is_passed_over_and_messages_are_not() -> None:
    content = zipped(
        {
            "lisez-moi.txt": "bonjour", "__MACOSX/._cr.xml": b"\0\5", ".DS_Store": b"\0", "copie.pdf": b"%PDF-1.4",
            "export.txt": "MSH|", "index_labo.txt": "MSH|^", "cr.xml": REPORT,
        }
    )  # fmt: skip
    assert [item.place if isinstance(item, ObservedReport) else item for item in read(content)] == [
        Damaged("fichier 3, document 1", "lu autrement, 4 octets"),
        Damaged("fichier 3, document 2", "lu autrement, 5 octets"),
        "fichier 3, document 3",
    ]


def test_xml_of_a_package_is_read_when_its_metadata_name_it_as_a_document() -> None:
    signed = {"A/METADATA.XML": metadata({"a": "1.1"}), "A/CR.XML": REPORT, "A/SIGN.XML": "<Signature/>"}
    assert len(reports(zipped(signed))) == 1
    content = zipped(signed | {"A/METADATA.XML": metadata({"a": "1.1", "b": "2.1"}, files={"b": "./SIGN.XML"})})
    assert [type(item) for item in read(content)] == [ObservedReport, Damaged]


def test_a_package_without_any_report_is_none() -> None:
    assert read(zipped({"A/METADATA.XML": metadata({}), "A/LETTRE.PDF": b"%PDF-1.4"})) == [NoReport("fichier 3")]


@given(st.data())
@settings(max_examples=100)
def test_damage_anywhere_never_raises_and_never_tells_a_name(data: st.DataObject) -> None:
    content = bytearray(zipped({f"{MARK}.XML": REPORT, "A/METADATA.XML": metadata({"a": "1.1"})}))
    for _ in range(data.draw(st.integers(0, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    for item in read(bytes(content[:cut])):
        if isinstance(item, Damaged):
            assert MARK not in f"{item.place} {item.reason}"


@pytest.mark.parametrize("said", ["<!DOCTYPE a><a/>", "<a", "", "<a/>", metadata({"a": ""}, ("RPLC", "a", "b"))])
def test_metadata_that_say_nothing_leave_the_documents(said: str) -> None:
    (found,) = reports(zipped({"A/METADATA.XML": said, "A/1.XML": REPORT}))
    assert found.replaces == frozenset()


def test_no_word_of_a_name_of_a_part_leaves() -> None:
    content = zipped({f"{MARK}.xml": f"<{MARK}", f"{MARK}.hl7": b"?"})
    assert not any(MARK in repr(item) for item in read(content))
