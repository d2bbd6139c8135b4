"""The search answers the same on both databases, term for term."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from app.platform.database import make_engine, reading, transaction
from app.terminology import search_index
from app.terminology.service import SearchFilters, current_release, search, search_counted
from app.terminology.words import WordQuery
from app.upgrades.service import load_starter

ASKED = (
    "sodium", "natrémie", "Glycémie à jeun", "ASAT", "tgp", "CA 125", "25-OH vitamine D", "hémoglobine glyquée", "gluc",
    "le sodium dans les urines", "V.G.M.", "β2-microglobuline", "anticorps anti-HBs", "ac", "2951-2", "295", "%", "é",
    "hormone", "serum plasma", "", "inconnu au bataillon", "T3 libre", "inr",
)  # fmt: skip
FILTERS = (
    SearchFilters(),
    SearchFilters(laboratory_only=False),
    SearchFilters(system="Ser/Plas"),
    SearchFilters(property="MCnc", scale_typ="Qn"),
)

pytestmark = pytest.mark.only("postgresql", "compares the two databases")


def test_the_same_questions_have_the_same_answers(engine: Engine, installation: Path) -> None:
    with transaction(engine) as session:
        load_starter(session)
    embedded = make_engine(f"sqlite:///{installation / 'transcodeur.sqlite3'}")
    found = 0
    with reading(engine) as server, reading(embedded) as file:
        releases = (current_release(server), current_release(file))
        assert releases[0] is not None
        assert releases[1] is not None
        for asked in ASKED:
            for filters in FILTERS:
                answers = [
                    [term.loinc_num for term in search(session, release.id or 0, asked, 40, filters)]
                    for session, release in zip((server, file), releases, strict=True)
                ]
                counts = [
                    search_counted(session, release.id or 0, asked, 3, filters).total
                    for session, release in zip((server, file), releases, strict=True)
                ]
                assert answers[0] == answers[1], (asked, filters)
                assert counts[0] == counts[1], (asked, filters)
                found += len(answers[0])
    embedded.dispose()
    assert found > 1000, "the questions find something"


def test_the_index_is_what_a_search_reads(engine: Engine) -> None:
    with transaction(engine) as session:
        release = load_starter(session)
    with engine.connect() as connection:
        plan = search_index._plan(connection, release.id or 0, WordQuery(["ferritine"]))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # What a server does by itself soon after a load: until then new words wait beside the index.
        connection.exec_driver_sql("VACUUM ANALYZE loinc_term_text")
    statement = f"EXPLAIN SELECT entry.term_id FROM {plan.source} WHERE {plan.condition}"
    with engine.connect() as connection:
        connection.exec_driver_sql("SET enable_seqscan = off")
        told = "\n".join(connection.execute(text(statement), plan.parameters).scalars())
    assert search_index.SEARCH_INDEX in told
