"""Searching terms: codes, English and French words, axes; and the index behind it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from app.platform.database import reading, transaction
from app.terminology import search_index
from app.terminology.service import SearchFilters, find_term, search, search_counted, store_release, terms_by_number
from app.terminology.words import asked_code, asked_words
from app.upgrades.service import load_starter
from matcher.types import Term


def make(code: str, component: str, **values: object) -> Term:
    fields = {"property": "SCnc", "time_aspct": "Pt", "system": "Ser/Plas", "scale_typ": "Qn", **values}
    name = fields.pop("name", f"{component} in Serum or Plasma")
    return Term(code, component, long_common_name=str(name), **fields)  # type: ignore[arg-type]


TERMS = [
    make("2951-2", "Sodium", usage=1),
    make("2955-3", "Sodium", system="Urine", name="Sodium in Urine", usage=1),
    make("2823-3", "Potassium", usage=1),
    make("14749-6", "Glucose", usage=1),
    make("2345-7", "Glucose", property="MCnc", usage=1),
    make("1558-6", "Glucose^post CFst", property="MCnc", name="Fasting glucose", usage=2),
    make("1920-8", "Aspartate aminotransferase", property="CCnc", usage=1),
    make("1742-6", "Alanine aminotransferase", property="CCnc", usage=1),
    make("2458-8", "IgA", property="MCnc", usage=2),
    make("10334-1", "Cancer Ag 125", property="ACnc", usage=2),
    make("1650-1", "Leukocytes", status="DEPRECATED", system="Bld", name="Leukocytes old"),
    make("26464-8", "Leukocytes", property="NCnc", system="Bld", name="Leukocytes in Blood", usage=1),
]


@pytest.fixture
def release_id(engine: Engine) -> int:
    with transaction(engine) as session:
        # Another release before and after: a search must never see them.
        store_release(session, version="1", kind="starter", terms=TERMS[:3])
        release = store_release(session, version="2", kind="starter", terms=TERMS)
        store_release(session, version="3", kind="starter", terms=TERMS[:5])
        assert release.id is not None
        return release.id


@pytest.fixture
def reader(engine: Engine, release_id: int) -> Iterator[Session]:
    """Searches in the middle one of three releases."""
    with reading(engine) as session:
        yield session


def codes(session: Session, release_id: int, asked: str, limit: int = 10, **filters: object) -> list[str]:
    found = search(session, release_id, asked, limit, SearchFilters(**filters))  # type: ignore[arg-type]
    assert {item.release_id for item in found} <= {release_id}
    return [item.loinc_num for item in found]


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("sodium", "2951-2"),
        ("Sodium urine", "2955-3"),
        ("natrémie", "2951-2"),
        ("glycémie", "14749-6"),
        ("ASAT", "1920-8"),
        ("tgp", "1742-6"),
        ("leucocytes", "26464-8"),
        ("CA 125", "10334-1"),
        ("CA-125", "10334-1"),
        ("fasting glucose", "1558-6"),
        ("potass", "2823-3"),
        ("le sodium dans les urines", "2955-3"),
    ],
)
def test_english_and_french_words(reader: Session, release_id: int, asked: str, first: str) -> None:
    assert codes(reader, release_id, asked)[0] == first


def test_codes(reader: Session, release_id: int) -> None:
    assert codes(reader, release_id, "2951-2") == ["2951-2"]
    assert codes(reader, release_id, " 2951-2 ") == ["2951-2"]
    assert codes(reader, release_id, "295") == ["2951-2", "2955-3"]
    assert codes(reader, release_id, "2951-3") == []
    # A number that begins a code and is in a name finds both.
    assert codes(reader, release_id, "125") == ["10334-1"]


def test_axes_restrict(reader: Session, release_id: int) -> None:
    assert codes(reader, release_id, "sodium", system="Urine") == ["2955-3"]
    assert codes(reader, release_id, "", property="MCnc", system="Ser/Plas") == ["2345-7", "1558-6", "2458-8"]
    assert codes(reader, release_id, "", property="Titr") == []
    assert codes(reader, release_id, "295", system="Urine") == ["2955-3"]


def test_unusable_codes_come_last(reader: Session, release_id: int) -> None:
    assert codes(reader, release_id, "leukocytes") == ["26464-8", "1650-1"]
    assert codes(reader, release_id, "leukocytes", status="DEPRECATED") == ["1650-1"]


@pytest.mark.parametrize("asked", ['"', "*", "AND", "NEAR(", "%", "_", "'; --", "(", "sodium OR", "\x00", "é" * 500])
def test_nothing_typed_breaks_the_search(reader: Session, release_id: int, asked: str) -> None:
    codes(reader, release_id, asked)


def test_counting(reader: Session, release_id: int) -> None:
    result = search_counted(reader, release_id, "glucose", 2)
    assert (len(result.terms), result.total, result.is_more) == (2, 3, False)
    assert search_counted(reader, release_id, "inconnu au bataillon").total == 0
    assert search_counted(reader, release_id, "", 2, SearchFilters(laboratory_only=False)).total == len(TERMS)


def test_more_than_the_counted_limit(reader: Session, release_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.terminology.service.COUNT_LIMIT", 2)
    result = search_counted(reader, release_id, "glucose", 1)
    assert (result.total, result.is_more) == (2, True)


def test_terms_by_number(reader: Session, release_id: int) -> None:
    found = terms_by_number(reader, release_id, ["2951-2", "9999-9", "2823-3", "2951-2"])
    assert set(found) == {"2951-2", "2823-3"}
    assert terms_by_number(reader, release_id, []) == {}
    assert find_term(reader, release_id, "9999-9") is None


def test_our_label_names_exactly_the_component(reader: Session, release_id: int) -> None:
    sodium = find_term(reader, release_id, "2951-2")
    fasting = find_term(reader, release_id, "1558-6")
    assert sodium is not None
    assert fasting is not None
    assert sodium.fr_label == "sodium"
    assert sodium.official_french_name == ""
    assert fasting.fr_label != "glucose"


def test_a_release_taken_out_of_the_index_is_found_no_more(engine: Engine, release_id: int) -> None:
    with transaction(engine) as session:
        search_index.remove_release(session.connection(), release_id)
        assert search(session, release_id, "sodium") == []
        if search_index.is_sqlite(session.connection()):
            session.connection().execute(text("INSERT INTO loinc_search(loinc_search) VALUES ('integrity-check')"))


def test_the_index_can_be_dropped_and_made_again(engine: Engine) -> None:
    with engine.begin() as connection:
        search_index.drop_search_table(connection)
        search_index.create_search_table(connection)
        search_index.create_search_table(connection)


def test_asked_words() -> None:
    assert asked_words("Le sodium des urines") == ["sodium", "urine"]
    assert asked_words("de la") == ["de", "la"]
    assert asked_words("25-OH vitamine D, 25") == ["25", "oh", "vitamine", "d"]


@pytest.mark.parametrize(
    ("typed", "code"), [("2951-2", "2951-2"), (" 295 ", "295"), ("295-", "295-"), ("25", ""), ("CA 125", "")]
)
def test_asked_code(typed: str, code: str) -> None:
    assert asked_code(typed) == code


def test_the_starter_terminology_is_loaded_once_and_found(engine: Engine) -> None:
    with transaction(engine) as session:
        first = load_starter(session)
    with transaction(engine) as session:
        again = load_starter(session)
        assert again.id == first.id
        assert again.is_current
        assert again.id is not None
        assert [item.loinc_num for item in search(session, again.id, "ferritine", 1)] == ["2276-4"]
