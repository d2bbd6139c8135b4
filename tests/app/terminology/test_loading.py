"""Loading official releases: what is stored, what is refused, and that a refusal changes nothing."""

import csv
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from app.errors import ConflictError, InvalidInputError
from app.models import (
    AuditEvent,
    LoincRelease,
    LoincTerm,
    LoincTermText,
    ReleaseStatus,
    ValueSet,
    ValueSetMember,
)
from app.platform.database import Transactions, reading, transaction
from app.terminology import load_lock, loading, repository, schemas
from app.terminology.service import current_release, find_term, search
from app.upgrades.service import load_release, load_starter, make_current, remove_unfinished
from loinc_data.release import content_hash
from tests.app.terminology.fixtures.official import (
    BICARBONATE,
    CHLORIDE,
    CREATININE_MOLES,
    GLUCOSE_MASS,
    GLUCOSE_MOLES,
    LIPID_PANEL,
    NOTICE,
    POTASSIUM,
    SODIUM,
    TERM_COUNT,
    OfficialRelease,
    first_release,
    second_release,
)


def term(engine: Engine, release_id: int, code: str) -> LoincTerm:
    with reading(engine) as session:
        found = find_term(session, release_id, code)
    assert found is not None
    return found


def count_of(session: Session, model: type, release_id: int) -> int:
    return session.execute(select(func.count()).where(model.release_id == release_id)).scalar_one()  # type: ignore[attr-defined]


@pytest.fixture(params=["zip", "folder"])
def first_path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    release = first_release()
    if request.param == "zip":
        return release.write_zip(tmp_path)
    return release.write_folder(tmp_path / "Loinc_2.80")


def test_a_release_is_loaded_from_zip_and_from_folder(engine: Engine, first_path: Path) -> None:
    steps: list[str] = []
    report = load_release(engine, first_path, lambda done, total, message: steps.append(message))
    assert (report.version, report.is_new, report.term_count) == ("2.80", True, TERM_COUNT)
    assert report.french_names == {"frFR18": 4, "frBE23": 2, "frCA8": 1}
    assert "Lecture des termes" in steps
    assert "Préparation de la recherche" in steps
    with reading(engine) as session:
        release = current_release(session)
        assert release is not None
        assert (release.version, release.kind, release.term_count) == ("2.80", "official", TERM_COUNT)
        event = session.exec(select(AuditEvent).where(AuditEvent.action == "terminology.load_release")).one()
        assert event.details["terms"] == TERM_COUNT


def test_loinc_fields_are_stored_unaltered(engine: Engine, tmp_path: Path) -> None:
    release = first_release()
    report = load_release(engine, release.write_zip(tmp_path))
    stored = term(engine, report.release_id, CREATININE_MOLES)
    row = release.row(CREATININE_MOLES)
    assert stored.component == row["COMPONENT"]
    assert stored.long_common_name == row["LONG_COMMON_NAME"]
    assert stored.example_ucum_units == row["EXAMPLE_UCUM_UNITS"]
    assert stored.external_copyright_notice == NOTICE
    assert term(engine, report.release_id, SODIUM).common_test_rank == 5


def test_the_french_name_is_that_of_the_preferred_variant_with_its_producer(engine: Engine, tmp_path: Path) -> None:
    report = load_release(engine, first_release().write_zip(tmp_path))

    def name(code: str) -> tuple[str, str]:
        found = term(engine, report.release_id, code)
        return found.official_french_name, found.french_producer

    assert name(SODIUM) == ("Sodium (nom affiché)", "Producteur français")
    assert name(POTASSIUM) == ("Potassium [Moles/Volume] Sérum/Plasma", "Producteur français")
    assert name(CHLORIDE) == ("Chlorure:Moles/Volume:Ponctuel:Sérum/Plasma:Quantitatif", "Producteur français")
    # The French variant holds synonyms only: the Belgian one names it.
    assert name(BICARBONATE) == ("Bicarbonate (nom belge)", "Producteur belge")
    assert name(GLUCOSE_MASS) == ("Glucose (nom canadien)", "variante LOINC frCA8")
    assert name(GLUCOSE_MOLES) == ("", "")
    with reading(engine) as session:
        names = repository.french_names(session, report.release_id, SODIUM)
    assert [(item.variant, item.display_name or item.long_common_name) for item in names] == [
        ("frFR18", "Sodium (nom affiché)"),
        ("frBE23", "Sodium (nom belge)"),
    ]


def test_panels_orders_and_replacements(engine: Engine, tmp_path: Path) -> None:
    report = load_release(engine, second_release().write_zip(tmp_path))
    with reading(engine) as session:
        members = repository.panel_members(session, report.release_id, LIPID_PANEL)
        assert [(item.loinc_num, item.requirement) for item in members] == [(SODIUM, "R"), (POTASSIUM, "O")]
        replaced = repository.map_to(session, report.release_id, [GLUCOSE_MASS, SODIUM])
        assert [(item.map_to, item.comment) for item in replaced[GLUCOSE_MASS]] == [
            (GLUCOSE_MOLES, "If reported in moles"),
            (SODIUM, "If, for the test, it was sodium"),
        ]
        assert SODIUM not in replaced
        orders = session.exec(select(ValueSet).where(ValueSet.release_id == report.release_id)).one()
        assert orders.member_count == 1
        assert session.exec(select(ValueSetMember.loinc_num)).all() == [SODIUM]


def test_the_same_release_twice_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    first = load_release(engine, first_release().write_zip(tmp_path))
    folder = first_release().write_folder(tmp_path / "Loinc_2.80")
    second = load_release(engine, folder)
    assert not second.is_new
    assert second.release_id == first.release_id
    assert "déjà chargée" in second.sentence()


def test_two_releases_live_side_by_side_and_a_person_chooses(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction(engine) as session:
        starter = load_starter(session)
    monkeypatch.setattr(schemas, "FEWEST_TERMS", 300)
    old = load_release(engine, first_release().write_zip(tmp_path))
    new = load_release(engine, second_release().write_zip(tmp_path))
    with reading(engine) as session:
        assert [item.version for item in repository.releases(session)] == ["2.81", "2.80", starter.version]
        current = current_release(session)
        assert current is not None
        assert current.id == old.release_id
    assert term(engine, old.release_id, GLUCOSE_MASS).status == "ACTIVE"
    assert term(engine, new.release_id, GLUCOSE_MASS).status == "DEPRECATED"
    make_current(Transactions(engine), new.release_id)
    with transaction(engine) as session:
        # Starting the application again must not bring the starter terminology back.
        load_starter(session)
        current = current_release(session)
        assert current is not None
        assert current.id == new.release_id


def test_the_version_comes_from_the_option_the_name_a_folder_or_a_readme(engine: Engine, tmp_path: Path) -> None:
    def changed(code: str) -> OfficialRelease:
        release = first_release()
        release.row(SODIUM)["SHORTNAME"] = code
        return release

    named = changed("a").write_zip(tmp_path, "Loinc_2.79_complete.zip")
    assert load_release(engine, named).version == "2.79"
    assert load_release(engine, changed("b").write_zip(tmp_path), version="2.99").version == "2.99"
    readme = changed("c").write_folder(tmp_path / "dossier")
    (readme / "ReadMe.txt").write_text("LOINC\u00ae version 2.78 — release notes", encoding="utf-8")
    assert load_release(engine, readme).version == "2.78"
    single = changed("d").write_folder(tmp_path / "autre")
    (single / "VERSION").write_text("2.77\n", encoding="utf-8")
    assert load_release(engine, single).version == "2.77"
    # Nothing says it: the newest change of a term is that of the release.
    assert load_release(engine, changed("e").write_folder(tmp_path / "encore")).version == "2.80"


Damage = Callable[[OfficialRelease], dict[str, bytes]]


def _encoded(release: OfficialRelease) -> dict[str, bytes]:
    return {name: content.encode() for name, content in release.files().items()}


def _with_table(change: Callable[[bytes], bytes]) -> Damage:
    def damage(release: OfficialRelease) -> dict[str, bytes]:
        files = _encoded(release)
        files["LoincTable/Loinc.csv"] = change(files["LoincTable/Loinc.csv"])
        return files

    return damage


def _semicolons(content: bytes) -> bytes:
    rows = csv.reader(io.StringIO(content.decode(), newline=""))
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows(rows)
    return text.getvalue().encode()


def _repeat_sodium(content: bytes) -> bytes:
    return content + content[content.index(b'"2951-2"') :].split(b"\r\n")[0] + b"\r\n"


def _only(name: str) -> Damage:
    return lambda release: {name: b'"LOINC_NUM"\r\n"2951-2"\r\n'}


def _truncated_between_files(release: OfficialRelease) -> dict[str, bytes]:
    """The table stops at the end of a row: only the other files can tell."""
    release.loinc = release.loinc[:2]
    release.map_to = [
        {"LOINC": row["LOINC_NUM"], "MAP_TO": SODIUM, "COMMENT": ""} for row in first_release().loinc[2:40]
    ]
    return _encoded(release)


MALFORMED: dict[str, tuple[Damage, str]] = {
    "cut in a row": (_with_table(lambda content: content[: len(content) // 2]), "tronqué"),
    "cut in a quoted cell": (_with_table(lambda content: content[: content.rindex(b'"') - 40]), "tronqué"),
    "cut between rows": (_truncated_between_files, "la table est tronquée"),
    "semicolons": (_with_table(_semicolons), "n'est plus séparé par des virgules"),
    "windows-1252": (_with_table(lambda content: content.replace(b"Sodium", "Sodium é".encode("cp1252"))), "UTF-8"),
    "code as a date": (_with_table(lambda content: content.replace(b'"2951-2"', b'"2-f\xc3\xa9vr"')), "en date"),
    "code as another date": (_with_table(lambda content: content.replace(b'"2951-2"', b'"1-feb"')), "en date"),
    "code with a wrong check digit": (_with_table(lambda content: content.replace(b'"2951-2"', b'"2951-3"')), "2951-3"),
    "rounded rank": (
        _with_table(lambda content: content.replace(b'"0"', b'"1,2E+03"', 1)), "COMMON_TEST_RANK vaut «\u202f1,2E+03",
    ),
    "unknown status": (_with_table(lambda content: content.replace(b'"ACTIVE"', b'"ACTIF"', 1)), "statut «\u202fACTIF"),
    "code twice": (_with_table(_repeat_sodium), "deux fois"),
    "column missing": (_with_table(lambda content: content.replace(b'"SYSTEM"', b'"MILIEU"', 1)), "SYSTEM"),
    "no term": (_with_table(lambda content: content.split(b"\r\n")[0] + b"\r\n"), "aucun terme"),
    "other zip": (_only("photo.csv"), "distribution LOINC officielle"),
    "core only": (_only("LoincTableCore/LoincTableCore.csv"), "LoincTableCore"),
    "variant only": (_only("frFR18LinguisticVariant.csv"), "variantes linguistiques"),
    "panels only": (_only("AccessoryFiles/PanelsAndForms/Loinc.csv"), "distribution LOINC officielle"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(MALFORMED))
def test_a_damaged_release_is_refused_and_nothing_changes(engine: Engine, tmp_path: Path, name: str) -> None:
    good = load_release(engine, first_release().write_zip(tmp_path))
    damage, reason = MALFORMED[name]
    path = tmp_path / "Loinc_2.81.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in damage(second_release()).items():
            archive.writestr(member, content)
    with pytest.raises(InvalidInputError, match=re.escape(reason)):
        load_release(engine, path)
    with reading(engine) as session:
        (release,) = session.exec(select(LoincRelease)).all()
        assert release.id == good.release_id
        assert release.is_current
        assert session.exec(select(func.count(col(LoincTerm.id)))).one() == TERM_COUNT
        assert session.exec(select(func.count(col(LoincTermText.id)))).one() == TERM_COUNT
        assert [item.loinc_num for item in search(session, good.release_id, "sodium", 1)] == [SODIUM]


@pytest.mark.parametrize("keep", [0.5, 0.98])
def test_an_interrupted_download_is_refused(engine: Engine, tmp_path: Path, keep: float) -> None:
    path = first_release().write_zip(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(InvalidInputError, match="archive zip lisible"):
        load_release(engine, path)


def test_a_flipped_byte_is_refused(engine: Engine, tmp_path: Path) -> None:
    path = first_release().write_zip(tmp_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 4] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InvalidInputError):
        load_release(engine, path)
    with reading(engine) as session:
        assert session.exec(select(LoincRelease)).all() == []


def test_what_does_not_exist_is_said(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="n'existe pas"):
        load_release(engine, tmp_path / "absent.zip")


def test_an_unexpected_failure_leaves_nothing(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError("disque plein")

    monkeypatch.setattr(loading.search_index, "store_axis_values", fail)
    with pytest.raises(OSError, match="disque plein"):
        load_release(engine, first_release().write_zip(tmp_path))
    with reading(engine) as session:
        assert session.exec(select(LoincRelease)).all() == []
        assert session.exec(select(LoincTerm)).all() == []
        assert session.exec(select(LoincTermText)).all() == []


def _half_loaded(engine: Engine) -> int:
    with transaction(engine) as session:
        dead = LoincRelease(version="", kind="official", status=ReleaseStatus.LOADING)
        session.add(dead)
        session.flush()
        assert dead.id is not None
        session.add(LoincTerm(release_id=dead.id, loinc_num=SODIUM, component="Sodium"))
        return dead.id


def test_what_a_killed_load_left_is_invisible_and_removed_by_the_next_load(engine: Engine, tmp_path: Path) -> None:
    _half_loaded(engine)
    with reading(engine) as session:
        assert list(repository.releases(session)) == []
        assert current_release(session) is None
    report = load_release(engine, first_release().write_zip(tmp_path))
    assert report.removed == 1
    assert "chargement interrompu" in report.sentence()
    with reading(engine) as session:
        assert [release.id for release in session.exec(select(LoincRelease))] == [report.release_id]
        owners = session.exec(select(LoincTerm.release_id)).all()
    assert set(owners) == {report.release_id}


def test_a_load_under_way_is_left_alone_and_a_second_one_of_the_same_contents_refused(
    engine: Engine, tmp_path: Path
) -> None:
    path = first_release().write_zip(tmp_path)
    loading_id = _half_loaded(engine)
    with transaction(engine) as session:
        release = session.get_one(LoincRelease, loading_id)
        release.content_hash, release.loaded_by = content_hash(path), "un autre#1"
    with load_lock.alive(engine, "un autre#1"):
        assert remove_unfinished(engine) == 0
        with pytest.raises(ConflictError, match="en cours de chargement"):
            load_release(engine, path)
        with reading(engine) as session:
            assert session.get(LoincRelease, loading_id) is not None
    assert remove_unfinished(engine) == 1
    with reading(engine) as session:
        assert session.exec(select(LoincRelease)).all() == []
        assert session.exec(select(LoincTerm)).all() == []


def test_columns_are_matched_by_name_whatever_case_and_order(engine: Engine, tmp_path: Path) -> None:
    release = first_release()
    files = _encoded(release)
    rows = list(csv.reader(io.StringIO(files["LoincTable/Loinc.csv"].decode(), newline="")))
    turned = [list(reversed(row)) for row in rows]
    turned[0] = [heading.title().replace("_", "") for heading in turned[0]]
    text = io.StringIO(newline="")
    csv.writer(text).writerows(turned)
    path = tmp_path / "Loinc_2.80.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in files.items():
            archive.writestr(f"Loinc_2.80/{member}", content)
    plain = load_release(engine, path)
    files["LoincTable/Loinc.csv"] = "\ufeff".encode() + text.getvalue().encode()
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in files.items():
            archive.writestr(f"Loinc_2.80/{member}", content)
    turned_round = load_release(engine, path)
    one = term(engine, plain.release_id, POTASSIUM).model_dump(exclude={"id", "release_id"})
    other = term(engine, turned_round.release_id, POTASSIUM).model_dump(exclude={"id", "release_id"})
    assert one == other
