"""The pages of the effective transcoding: sending, the list of runs, one run, its lists, and who may."""

import csv
import io
import re
from dataclasses import replace

import pytest
from sqlalchemy import Engine, event
from sqlmodel import select

from app.effective import repository, service, uploads
from app.effective.judging import seen_codes
from app.effective.measuring import Measured, against_now, code_facts, figures_of
from app.emitted.observed import Counts, Damaged
from app.errors import InvalidInputError
from app.models import EffectiveRun, Job
from app.platform.database import reading, transaction
from tests.app.coverage.sample import Sample, make_sample
from tests.app.effective.hand_made import GLUCOSE, POTASSIUM, SODIUM, counts_of_results, seen
from tests.conftest import BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor, World

COUNTS = counts_of_results(
    [
        [seen("NA", SODIUM), seen("NA", SODIUM), seen("K"), seen("CL", POTASSIUM)],
        [seen("NA", SODIUM), seen("OLD", SODIUM), seen("INCONNU", GLUCOSE), seen("", SODIUM), seen("GLY", GLUCOSE)],
        [seen("COM", SODIUM), seen("RARE")],
    ],
    level1=1,
    damaged=[Damaged("fichier 1, message 3", "segment illisible")],
    effective=[seen("NA", SODIUM), seen("OLD", SODIUM)],
    chapters={"NA": "Biochimie", "K": "Biochimie", "CL": "Ions"},
)


@pytest.fixture
def sample(engine: Engine, world: World) -> Sample:
    """The catalogue of the tests of coverage."""
    return make_sample(engine, world)


def keep(engine: Engine, world: World, sample: Sample, counts: Counts = COUNTS) -> EffectiveRun:
    with reading(engine) as session:
        against = against_now(session, world.laboratory, sample.catalogue)
        codes = code_facts(session, against.release_id, seen_codes(counts))
    measured = Measured(against, figures_of(counts, against, codes, 1), counts.damaged, counts.clusters)
    with transaction(engine) as session:
        return service.keep(session, measured, world.users[TRANSCODER], service.read_period("2026-01-01", ""))


@pytest.fixture
def run(engine: Engine, world: World, sample: Sample) -> EffectiveRun:
    """A kept run."""
    return keep(engine, world, sample)


def path(sample: Sample, run: EffectiveRun | None = None) -> str:
    return f"/catalogues/{sample.catalogue_id}/effectif" + (f"/{run.public_id}" if run else "")


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))


def test_the_list_of_runs_gives_each_share_with_its_definition(
    client_for: ClientFor, sample: Sample, run: EffectiveRun
) -> None:
    said = words(client_for(READER).get(path(sample)).text)
    assert "depuis le 01/01/2026" in said
    assert "36,36 %" in said
    assert "Résultats effectivement transcodés, divisés par tous les résultats lus." in said
    assert "Lire et compter" not in said, "a reader sends nothing"


def test_a_run_shows_its_figures_beside_the_coverage(
    client_for: ClientFor, sample: Sample, run: EffectiveRun
) -> None:
    answer = client_for(BIOLOGIST).get(path(sample, run))
    assert answer.status_code == 200
    said = words(answer.text)
    assert "Par résultats 36,36 %" in said
    assert "Par codes locaux 25,00 %" in said
    assert "Couverture du catalogue aujourd’hui 50,00 %" in said
    assert "celui qu’un biologiste a approuvé" in said
    assert "Biochimie 75,00 %" in said
    assert "Circuit de la biologie n’est pas chargée" in said
    assert "1 partie abîmée" in said


@pytest.mark.parametrize(
    ("local", "sentence"),
    [
        ("K", "Portez 2823-3 sur cette analyse\u202f: elle part sans code LOINC."),
        ("CL", "Remplacez 2823-3 par 2075-0 sur cette analyse."),
        ("OLD", "Le catalogue dit cette analyse retirée"),
        ("INCONNU", "Ajoutez cette analyse à l’export du catalogue\u202f: elle part avec 14749-6"),
        ("COM", "Retirez 2951-2 de cette analyse"),
        ("GLY", "Faites approuver un code pour cette analyse\u202f: le SGL envoie 14749-6"),
        ("", "Faites envoyer le code local avec chaque résultat (2951-2)"),
    ],
)
def test_each_line_says_what_to_do(
    client_for: ClientFor, sample: Sample, run: EffectiveRun, local: str, sentence: str
) -> None:
    rows = rows_of(client_for(READER).get(f"{path(sample, run)}?format=csv").text)
    (line,) = [row for row in rows[1:] if row[1] == local]
    assert line[-1].startswith(sentence)


def test_the_list_is_filtered_sorted_and_paged(
    client_for: ClientFor, engine: Engine, world: World, sample: Sample
) -> None:
    many = [seen(f"X{number:03}") for number in range(120)]
    counts = counts_of_results([many, many[:1], [seen("K")]])
    run = keep(engine, world, sample, counts)
    client = client_for(READER)
    first = client.get(path(sample, run)).text
    assert "<strong>1–50</strong> sur 121" in first
    assert first.index("X000") < first.index("X001"), "the most numerous first"
    assert "<strong>101–121</strong> sur 121" in client.get(f"{path(sample, run)}?page=3").text
    assert "<strong>101–121</strong> sur 121" in client.get(f"{path(sample, run)}?page=99").text
    only = client.get(f"{path(sample, run)}?nature=add").text
    assert "<strong>1–1</strong> sur 1" in only
    backwards = rows_of(client.get(f"{path(sample, run)}?tri=code&ordre=decroissant&format=csv").text)
    assert [row[1] for row in backwards[1:4]] == ["X119", "X118", "X117"]


def test_approved_analyses_that_no_report_carried(client_for: ClientFor, sample: Sample, run: EffectiveRun) -> None:
    rows = rows_of(client_for(READER).get(f"{path(sample, run)}?format=jamais-vues").text)
    assert [row[0] for row in rows[1:]] == ["CLU"]
    assert "CLU" in client_for(READER).get(path(sample, run)).text


def test_taking_a_run_back(client_for: ClientFor, sample: Sample, run: EffectiveRun) -> None:
    client = client_for(TRANSCODER)
    refused = client.post(f"{path(sample, run)}/retrait", data={"motif": "…"})
    assert (refused.status_code, "Écrivez pourquoi" in refused.text) == (422, True)
    client.post(f"{path(sample, run)}/retrait", data={"motif": "Base d’essai"})
    assert "Cette mesure ne vaut plus" in client.get(path(sample, run)).text
    assert "Retirée" in client.get(path(sample)).text
    assert client.post(f"{path(sample, run)}/retrait", data={"motif": "Encore"}).status_code == 409


def test_sending_reports(
    client_for: ClientFor, engine: Engine, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "counts_of", lambda *_arguments: COUNTS)
    files = [("fichiers", ("DURAND Odile.xml", b"<x/>")), ("fichiers", ("b.hl7", b"MSH|"))]
    answer = client_for(BIOLOGIST).post(path(sample), files=files, data={"du": "2026-02-01", "au": ""})
    assert answer.headers["location"] == path(sample)
    answer = client_for(BIOLOGIST).get(path(sample))
    assert "4 comptes rendus lus, 11 résultats" in answer.text
    assert "fichier 1, message 3 (segment illisible)" in answer.text
    assert "DURAND" not in answer.text
    with reading(engine) as session:
        (kept,) = repository.runs_of(session, sample.catalogue_id)
        assert (kept.run.files, str(kept.run.period_from)) == (2, "2026-02-01")
        assert "DURAND" not in str([job.payload for job in session.exec(select(Job))])


@pytest.mark.parametrize(
    ("files", "data", "said"),
    [
        ([], {"du": ""}, "Choisissez au moins un fichier."),
        ([("fichiers", ("a.xml", b"x"))], {"du": "hier"}, "n’est pas une date"),
        ([("fichiers", ("a.xml", b"x"))], {"du": "2026-02-01", "au": "2026-01-01"}, "après le dernier"),
    ],
)
def test_sendings_that_are_refused(
    client_for: ClientFor, engine: Engine, sample: Sample, files: list[tuple[str, object]], data: dict[str, str],
    said: str,
) -> None:  # fmt: skip
    # A form without file is sent as one with an empty field of files.
    given = files or [("fichiers", ("", b""))]
    answer = client_for(TRANSCODER).post(path(sample), files=given, data=data)
    assert (answer.status_code, said in answer.text) == (422, True)
    with reading(engine) as session:
        assert repository.count_runs(session, sample.catalogue_id) == 0


def test_a_reading_that_was_refused_is_said(
    client_for: ClientFor, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_arguments: object) -> Counts:
        raise InvalidInputError("Fichier 1 : HPRIM n’est pas lu.")

    monkeypatch.setattr(uploads, "counts_of", refuses)
    client = client_for(TRANSCODER)
    client.post(path(sample), files=[("fichiers", ("a.hpr", b"H|"))])
    answer = client.get(path(sample))
    assert "Fichier 1 : HPRIM n’est pas lu." in answer.text


def test_who_sees_and_who_may(client_for: ClientFor, sample: Sample, run: EffectiveRun) -> None:
    for address in (path(sample), path(sample, run), f"{path(sample, run)}?format=csv"):
        assert client_for(OUTSIDER).get(address).status_code == 404
    sent = [("fichiers", ("a.xml", b"x"))]
    assert client_for(READER).post(path(sample), files=sent).status_code == 403
    assert client_for(READER).post(f"{path(sample, run)}/retrait", data={"motif": "Essai"}).status_code == 403
    assert client_for(READER).get(f"{path(sample)}/inconnue").status_code == 404


def test_a_second_reader_is_told_no_approved_code(
    client_for: ClientFor, sample: Sample, run: EffectiveRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.effective import page_building

    monkeypatch.setattr(page_building, "approved_unread_by", lambda *_arguments: True)
    rows = rows_of(client_for(TRANSCODER).get(f"{path(sample, run)}?format=csv").text)
    assert [row[-1] for row in rows if row[1] == "K"] == [
        "Portez le code approuvé sur cette analyse\u202f: elle part sans code LOINC."
    ]
    unseen = rows_of(client_for(TRANSCODER).get(f"{path(sample, run)}?format=jamais-vues").text)
    assert unseen[1][3] == ""


def test_statements_do_not_grow_with_what_was_read(
    client_for: ClientFor, engine: Engine, world: World, sample: Sample
) -> None:
    few = keep(engine, world, sample)
    many = replace(COUNTS, seen=COUNTS.seen | {seen(f"X{number}"): 3 for number in range(3_000)})
    large = keep(engine, world, sample, many)
    client = client_for(READER)
    counted = []
    for run in (few, large):
        client.get(path(sample, run))
        statements: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
            statements.append(statement)  # noqa: B023

        event.listen(engine, "before_cursor_execute", note)
        answer = client.get(path(sample, run))
        event.remove(engine, "before_cursor_execute", note)
        counted.append((len(statements), len(answer.text) < 250_000))
    assert counted[0] == counted[1]
    assert counted[0][0] < 40
