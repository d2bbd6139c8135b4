"""Documents in CDA: which report each is a version or a form of, where it is found, and whom it is about."""

import tracemalloc

import pytest

from app.emitted.cda import looks_like_cda, read_cda
from app.emitted.cda_document import document_key, moment
from app.emitted.counting import count
from app.emitted.observed import CatalogueIndex, CodeSystems, Counts, Damaged, NoReport, ObservedReport
from tests.app.emitted.cda_documents import (
    CHEMISTRY,
    GLUCOSE,
    LEVEL_1,
    LOCAL,
    MARK,
    NUMBER,
    POTASSIUM,
    SODIUM,
    act,
    chapter,
    code,
    document,
    observation,
    read,
    related,
    replaces,
    report,
)

LETTER = code("11490-0")
"""What says that a document is a letter from a hospital."""


@pytest.mark.parametrize("body", [LEVEL_1, None])
def test_a_document_of_another_kind_is_no_report(body: str | None) -> None:
    assert read(document(f"<section>{code('30954-2')}</section>", head=LETTER, body=body)) == [NoReport("fichier 1")]


def test_a_document_of_another_kind_that_holds_acts_of_a_laboratory_is_one() -> None:
    (found,) = read(document(chapter(act(observation(code(SODIUM)))), head=LETTER))
    assert isinstance(found, ObservedReport)
    assert len(found.results) == 1


def test_a_level_1_has_no_structure() -> None:
    (found,) = read(document(body=LEVEL_1))
    assert isinstance(found, ObservedReport)
    assert not found.is_structured
    assert found.results == ()


def test_versions_replacements_and_transformations_are_told() -> None:
    (second,) = read(document(identifier="1.2.3.2", version=2, related_to=replaces("1.2.3.1")))
    assert isinstance(second, ObservedReport)
    assert second.keys == {"1.2.3.2^", "1.2.3^"}
    assert second.replaces == {"1.2.3.1^"}
    assert second.version == (2, "20260102102000")
    (other,) = read(document(identifier="9.1", set_id="9", related_to=replaces("1.2.3.1", kind="XFRM"), body=LEVEL_1))
    assert isinstance(other, ObservedReport)
    assert other.keys == {"9.1^", "9^", "1.2.3.1^", "1.2.3^"}
    assert other.replaces == frozenset()
    (added,) = read(document(identifier="9.1", set_id="9", related_to=replaces("1.2.3.1", kind="APND")))
    assert isinstance(added, ObservedReport)
    assert added.keys == {"9.1^", "9^", "1.2.3.1^", "1.2.3^"}
    assert not added.is_whole
    assert second.is_whole
    assert other.is_whole


def test_documents_are_found_at_any_depth_and_numbered() -> None:
    first, second = document(chapter(act(observation(code(SODIUM))))), document(identifier="2", set_id="2")
    found = read(f'<x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform"><a><b>{first}</b>{second}</a></x:stylesheet>')
    assert [(item.place, len(item.results)) for item in found if isinstance(item, ObservedReport)] == [
        ("fichier 1", 1), ("fichier 1, document 2", 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", ""), ("utf-8-sig", ""), ("utf-8", "UTF-8"), ("iso-8859-1", "ISO-8859-1"),
        ("iso-8859-15", "ISO-8859-15"), ("cp1252", "windows-1252"), ("utf-16", "UTF-16"),
        # Written in one way and declared in another, as is seen.
        ("iso-8859-1", ""), ("cp1252", "UTF-8"),
    ],
)  # fmt: skip
def test_every_encoding_that_is_seen_is_read(encoding: str, declared: str) -> None:
    text = document(chapter(act(observation(code("CRÉAT", LOCAL))), coded=code(CHEMISTRY)), person="HÉLÈNE")
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    content = (head + text).encode(encoding)
    assert looks_like_cda(content)
    (found,) = read_cda(content, "fichier 1", CodeSystems())
    assert isinstance(found, ObservedReport)
    assert found.results[0].local == ("CRÉAT",)
    assert "helene" in found.identities


def test_words_of_persons_are_kept_apart() -> None:
    found = report(
        chapter(act(observation(code(SODIUM), inner='<performer><assignedEntity><assignedPerson><name><family>'
                                'LEBIOLOGISTE</family></name></assignedPerson></assignedEntity></performer>')))
    )  # fmt: skip
    assert {"dupontel", "marque", NUMBER, "19790328", "lebiologiste"} <= found.identities
    assert SODIUM not in found.identities


@pytest.mark.parametrize("shift", range(0, len(MARK), 5))
def test_a_name_that_is_cut_where_the_file_is_cut_stays_whole(shift: int) -> None:
    whole = document()
    left = (1 << 16) - whole.index(MARK) - shift
    (found,) = read(whole.replace("<recordTarget>", f"<!--{'x' * (left - 7)}--><recordTarget>"))
    assert isinstance(found, ObservedReport)
    assert "dupontelmarque" in found.identities


def test_the_words_of_many_persons_are_kept_and_those_that_come_again_count_once() -> None:
    signed = '<author><assignedAuthor><assignedPerson><name>{}</name></assignedPerson></assignedAuthor></author>'
    again = [observation(code(SODIUM), inner=signed.format("TOUJOURS LEMEME") + signed.format(f"PERSONNE{n}"))
             for n in range(6_000)]  # fmt: skip
    found = report(chapter(act(*again)))
    assert {"toujourslememe", "personne0", "personne5999"} <= found.identities


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("20210401171000+0200", "20210401171000"), ("20210401151000+0000", "20210401171000"),
        ("202101041605+0100", "20210104160500"), ("20210104", "20210104000000"), ("2021", "20210000000000"),
        ("20210401171000.123+0200", "20210401171000"), ("20219901171000+0200", ""), ("hier", ""), ("", ""),
        ("00010101000000+1400", ""),
    ],
)  # fmt: skip
def test_times_are_those_of_paris(written: str, read_as: str) -> None:
    assert moment(written) == read_as


def test_keys_are_the_same_however_an_identifier_is_written() -> None:
    written = document_key("urn:uuid:8E3DB610-72F0-463C-8E9A-5998C1256662", " 7 ")
    assert written == document_key("8e3db610-72f0-463c-8e9a-5998c1256662", "7") != ""
    assert document_key("", "") == ""


def counted(*texts: str) -> Counts:
    return count([item for text in texts for item in read(text)], CatalogueIndex({}))


def results_of(counts: Counts) -> dict[str, int]:
    return {seen.loinc[0]: number for seen, number in counts.seen.items()}


FIRST = document(chapter(act(observation(code(SODIUM)), observation(code(POTASSIUM)))))


def test_the_last_version_counts_alone_in_whatever_order_it_is_read() -> None:
    second = document(
        chapter(act(observation(code(GLUCOSE)))), identifier="1.2.3.2", version=2, related_to=replaces("1.2.3.1")
    )
    for texts in ((FIRST, second), (second, FIRST)):
        counts = counted(*texts)
        assert (counts.reports, results_of(counts)) == (1, {GLUCOSE: 1})


def test_a_level_1_and_its_level_3_are_one_report_and_an_addition_adds() -> None:
    copy = document(identifier="9.1", set_id="9", related_to=replaces("1.2.3.1", kind="XFRM"), body=LEVEL_1)
    more = document(chapter(act(observation(code(GLUCOSE)))), identifier="8.1", set_id="8",
                    related_to=replaces("1.2.3.1", kind="APND"), version=2)  # fmt: skip
    counts = counted(copy, FIRST, more)
    assert (counts.reports, counts.level1_reports) == (1, 0)
    assert results_of(counts) == {SODIUM: 1, POTASSIUM: 1, GLUCOSE: 1}


def test_reports_of_one_order_stay_apart() -> None:
    order = '<inFulfillmentOf><order><id root="1.9" extension="7"/></order></inFulfillmentOf>'
    other = document(chapter(act(observation(code(GLUCOSE)))), identifier="8.1", set_id="8", related_to=order)
    counts = counted(FIRST.replace("<component>", f"{order}<component>", 1), other)
    assert counts.reports == 2
    assert results_of(counts) == {SODIUM: 1, POTASSIUM: 1, GLUCOSE: 1}


@pytest.mark.parametrize(
    ("before", "after"), [("\r\n ", ""), ("\ufeff\n", ""), ("", "\r\n\x1a"), ("", "\0\0"), ("", "\x1c\r"), ("\n", "\n")]
)
def test_what_stands_around_a_document_does_not_hide_it(before: str, after: str) -> None:
    declared = '<?xml version="1.0" encoding="UTF-8"?>'
    (found,) = read(f"{before}{declared}{FIRST}{after}")
    assert isinstance(found, ObservedReport)
    assert len(found.results) == 2


def test_documents_that_follow_each_other_are_all_read() -> None:
    declared = '<?xml version="1.0" encoding="UTF-8"?>'
    found = read(f"{declared}{FIRST}\n{declared}\n{document(body=LEVEL_1)}{FIRST}")
    assert [item.place for item in found] == ["fichier 1", "fichier 1, document 2", "fichier 1, document 3"]
    assert not any(isinstance(item, Damaged) for item in found)
    *good, last = read(f"{FIRST}{MARK}")
    assert [type(item) for item in good] == [ObservedReport]
    assert isinstance(last, Damaged)


def test_a_document_without_its_namespace_is_read() -> None:
    (found,) = read(FIRST.replace('xmlns="urn:hl7-org:v3"', ""))
    assert isinstance(found, ObservedReport)
    assert len(found.results) == 2


def test_a_picture_of_twelve_megabytes_takes_no_memory_of_its_own() -> None:
    value = f'<value mediaType="image/png" representation="B64">{"QUFB" * 3_000_000}</value>'
    picture = f"<observationMedia>{value}</observationMedia>"
    content = document(chapter(act(observation(code(SODIUM), inner=related(picture))))).encode()
    del picture, value
    tracemalloc.start()
    try:
        (found,) = read_cda(content, "fichier 1", CodeSystems())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(found, ObservedReport)
    assert len(found.results) == 1
    assert peak < 1_000_000
