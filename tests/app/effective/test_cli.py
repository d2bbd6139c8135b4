"""The command `transcodeur effective`: the contract of its JSON, its sentences, its codes, and what it leaves."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import select
from typer.testing import CliRunner

from app.cli import cli
from app.effective import cli as effective_cli
from app.effective.uploads import counts_of_paths
from app.emitted.observed import CodeSystems, Counts, Damaged
from app.errors import InvalidInputError
from app.models import AuditEvent, EffectiveRun, LoincTerm, ValueSet, ValueSetKind, ValueSetMember, WaitingCodeRule
from app.platform.apart import Here
from app.platform.database import reading, transaction
from app.settings import Settings
from tests.app.coverage.sample import Sample, make_sample
from tests.app.effective.hand_made import GLUCOSE, POTASSIUM, SODIUM, Given, counts_of_results, seen
from tests.conftest import TRANSCODER, World

CONTRACT = (
    "reports", "level1_reports", "results", "with_loinc", "several_loinc", "local_only", "no_local_code",
    "not_in_catalogue", "differs_from_approved", "unknown_code", "deprecated", "outside_circuit", "placeholder",
    "unit_contradicts", "damaged",
)  # fmt: skip
COUNTS = counts_of_results(
    [
        [seen("NA", SODIUM, unit="mmol/L"), seen("K", POTASSIUM, unit="g/L"), seen("CL")],
        [seen("NA", POTASSIUM), seen("SECRET", SODIUM), seen("", SODIUM), seen("GLY", GLUCOSE)],
    ],
    level1=1,
    damaged=[Damaged("fichier 1, message 3", "segment illisible")],
)


@pytest.fixture
def sample(engine: Engine, world: World) -> Sample:
    """The catalogue of the tests of coverage, and units of measure in its release."""
    found = make_sample(engine, world)
    with transaction(engine) as session:
        for term in session.exec(select(LoincTerm)):
            term.property, term.example_ucum_units = "SCnc", "mmol/L"
            session.add(term)
    return found


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch, engine: Engine, settings: Settings) -> Given:
    """What the process that reads answers to the command."""
    answering = Given(COUNTS)
    monkeypatch.setattr(effective_cli, "get_settings", lambda: settings)
    monkeypatch.setattr(effective_cli, "open_ready", lambda _settings: engine)
    monkeypatch.setattr(effective_cli, "beside", lambda _settings, _engine: answering)
    return answering


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file to read; what it holds is the business of others."""
    path = tmp_path / "DUPONT-Jean.hl7"
    path.write_bytes(b"MSH|")
    return path


def run(sample: Sample, *more: str, stdin: str = "") -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, ["effective", "--catalogue", str(sample.catalogue_id), *more], input=stdin)
    return result.exit_code, result.stdout, result.stderr


def test_the_contract_of_the_json(sample: Sample, given: Given, file: Path) -> None:
    code, out, _ = run(sample, "--json", str(file))
    assert code == 0
    found = json.loads(out)
    assert tuple(found)[: len(CONTRACT)] == CONTRACT
    assert {name: found[name] for name in CONTRACT} == {
        "reports": 3, "level1_reports": 1, "results": 7, "with_loinc": 6, "several_loinc": 0, "local_only": 1,
        "no_local_code": 1, "not_in_catalogue": 1, "differs_from_approved": 1, "unknown_code": 1, "deprecated": 0,
        "outside_circuit": None, "placeholder": 0, "unit_contradicts": 1, "damaged": 1,
    }  # fmt: skip
    assert (found["effective"], found["no_local_code_approved"], found["not_approved"]) == (2, 1, 1)
    assert found["coverage"] == {"numerator": 4, "denominator": 8}
    assert found["damaged_places"] == [{"place": "fichier 1, message 3", "reason": "segment illisible"}]
    assert found["chapters"][0] == {"chapter": "Biochimie", "effective": 2, "results": 3}


def test_codes_outside_the_list_are_counted_where_it_is_loaded(
    engine: Engine, sample: Sample, given: Given, file: Path
) -> None:
    with transaction(engine) as session:
        circuit = ValueSet(kind=ValueSetKind.CIRCUIT_BIOLOGIE, title="Circuit", is_current=True, member_count=1)
        session.add(circuit)
        session.flush()
        assert circuit.id is not None
        session.add(ValueSetMember(value_set_id=circuit.id, loinc_num=SODIUM))
    found = json.loads(run(sample, "--json", str(file))[1])
    assert (found["outside_circuit"], found["circuit"]) == (3, "Circuit")


def test_the_sentences_give_each_percentage_with_its_definition(sample: Sample, given: Given, file: Path) -> None:
    code, out, err = run(sample, str(file))
    assert code == 0
    assert "Transcodage effectif, par résultats : 28,57\u00a0% (2 / 7)" in out
    assert "Transcodage effectif, par codes locaux : 20,00\u00a0% (1 / 5)" in out
    assert "Couverture du catalogue : 50,00\u00a0% (4 / 8)" in out
    assert "celui qu’un biologiste a approuvé pour son code local" in out
    assert "Circuit de la biologie n’est pas chargée" in out
    assert "fichier 1, message 3 : segment illisible" in err
    assert "SECRET" not in out + err


def test_it_is_journaled_without_any_code_or_name(engine: Engine, sample: Sample, given: Given, file: Path) -> None:
    run(sample, str(file))
    with reading(engine) as session:
        (event,) = session.exec(select(AuditEvent).where(AuditEvent.action == "effective.print"))
    assert event.details["counts"]["results"] == 7
    assert event.object_id == str(sample.catalogue_id)
    written = json.dumps(event.details)
    assert "DUPONT" not in written
    assert "SECRET" not in written
    assert SODIUM not in written


def test_what_the_reading_process_is_asked(sample: Sample, given: Given, file: Path) -> None:
    run(sample, str(file))
    function, paths, index, systems = given.asked
    assert (function, paths) == (counts_of_paths, [str(file)])
    assert index.analyses["NA"].approved == {SODIUM}
    assert index.analyses["GLY"].approved == frozenset(), "its code is not in the release"
    assert systems == CodeSystems()


def test_the_systems_of_codes_d_attente_are_those_of_the_installation_and_of_the_laboratory(
    engine: Engine, world: World, sample: Sample, given: Given, file: Path, settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    own = settings.model_copy(update={"waiting_code_system": "1.2.3"})
    monkeypatch.setattr(effective_cli, "get_settings", lambda: own)
    run(sample, str(file))
    assert given.asked[3].waiting == {"1.2.3"}
    with transaction(engine) as session:
        for system in ("1.2.8", "1.2.9"):
            session.add(
                WaitingCodeRule(
                    laboratory_id=world.laboratory_id, system=system, codes=[], author_id=world.user_id(TRANSCODER)
                )
            )
            session.flush()
    run(sample, str(file))
    assert given.asked[3].waiting == {"1.2.3", "1.2.9"}, "the last one that the laboratory wrote"


def test_a_run_is_kept_on_demand_only(engine: Engine, sample: Sample, given: Given, file: Path) -> None:
    run(sample, str(file))
    with reading(engine) as session:
        assert not session.exec(select(EffectiveRun)).all()
    code, out, _ = run(sample, "--json", "--garder", "--du", "2026-01-01", "--au", "2026-03-31", str(file))
    assert code == 0
    with reading(engine) as session:
        (kept,) = session.exec(select(EffectiveRun))
    assert json.loads(out)["kept"] == kept.public_id
    assert (kept.author_id, str(kept.period_from), str(kept.period_to)) == (None, "2026-01-01", "2026-03-31")
    assert "Mesure gardée : " in run(sample, "--garder", str(file))[1]


def test_the_standard_input(sample: Sample, given: Given) -> None:
    code, _, _ = run(sample, "-", stdin="MSH|")
    assert code == 0
    (path,) = given.asked[1]
    assert not Path(path).exists(), "the copy of what was sent is gone"


def test_refusals(
    sample: Sample, given: Given, file: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given.counts = InvalidInputError("Fichier 2 : HPRIM n'est pas lu.")
    result = CliRunner().invoke(cli, ["effective", "--catalogue", str(sample.catalogue_id), str(file), str(file)])
    assert isinstance(result.exception, InvalidInputError)
    absent = CliRunner().invoke(cli, ["effective", "--catalogue", str(sample.catalogue_id), str(tmp_path / "rien")])
    assert isinstance(absent.exception, FileNotFoundError)
    with reading(engine) as session:
        assert not session.exec(select(AuditEvent).where(AuditEvent.action == "effective.print")).all()
    assert CliRunner().invoke(cli, ["effective", str(file)]).exit_code == 2
    assert CliRunner().invoke(cli, ["effective", "--catalogue", "1"]).exit_code == 2


REAL = (
    "MSH|^~\\&|SGL|LABO|||20260301||ORU^R01^ORU_R01|1|P|2.5\r"
    "PID|1||2470299123456^^^INS-C||ZWYNDELLE^HILDEGONDE||19470229|F\r"
    "OBR|1||DEM1|IONO^Ionogramme^L|||20260301\r"
    "OBX|1|NM|NA^Sodium^L^2951-2^Sodium^LN||140|mmol/L|||||F\r"
    "OBX|2|NM|K^Potassium^L||4.1|mmol/L|||||F\r"
)


def test_a_message_is_read_and_a_sort_that_is_not_refuses_the_whole(
    engine: Engine, sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(effective_cli, "get_settings", lambda: settings)
    monkeypatch.setattr(effective_cli, "open_ready", lambda _settings: engine)
    monkeypatch.setattr(effective_cli, "beside", lambda _settings, engine: Here(engine))
    message, hprim = tmp_path / "a.hl7", tmp_path / "ZWYNDELLE.hpr"
    message.write_text(REAL)
    hprim.write_bytes(b"H|~^\\&|||LABO||ORU|||||P|H2.1|\rP|1|ZWYNDELLE\r")
    code, out, err = run(sample, "--json", str(message))
    assert code == 0, err
    found = json.loads(out)
    assert {name: found[name] for name in ("reports", "results", "with_loinc", "local_only", "effective")} == {
        "reports": 1, "results": 2, "with_loinc": 1, "local_only": 1, "effective": 1,
    }  # fmt: skip
    assert "ZWYNDELLE" not in out + err
    refused = CliRunner().invoke(
        cli, ["effective", "--catalogue", str(sample.catalogue_id), "--garder", str(message), str(hprim)]
    )
    assert isinstance(refused.exception, InvalidInputError)
    assert refused.exception.message.startswith("Fichier 2\u202f: ")
    assert "HPRIM" in refused.exception.message
    assert "ZWYNDELLE" not in refused.exception.message
    with reading(engine) as session:
        assert not session.exec(select(EffectiveRun)).all()


def test_without_reports_nothing_is_divided(sample: Sample, given: Given, file: Path) -> None:
    given.counts = Counts(0, 0, {}, {}, {}, ())
    code, out, _ = run(sample, str(file))
    assert code == 0
    assert "par résultats : — (0 / 0)" in out
