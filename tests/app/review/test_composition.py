"""Exams and chapters have their own reading: what a code must cover, and every code a chapter may be given."""

import re

from sqlmodel import Session, col, select

from app.models import (
    ExamAnalysis,
    Level,
    LocalTest,
    LoincTerm,
    PanelMember,
    Proposal,
    ValueSet,
    ValueSetKind,
    ValueSetMember,
)
from app.platform.database import transaction
from tests.app.review.conftest import Desk
from tests.conftest import READER, TRANSCODER, ClientFor

PANEL = "2345-7"
"""A code of the small release, taken for a panel here."""


def add_exam(session: Session, desk: Desk) -> int:
    exam = LocalTest(catalogue_id=desk.catalogue_id, level=Level.EXAM, code="IONO", label="IONOGRAMME", position=90)
    session.add(exam)
    session.flush()
    assert exam.id is not None
    links = (("NA", "SODIUM", desk.sodium), ("GLU", "GLYCÉMIE", desk.glucose), ("K", "POTASSIUM", None))
    for code, label, row in links:
        session.add(ExamAnalysis(exam_id=exam.id, analysis_code=code, analysis_label=label, analysis_id=row))
    return exam.id


def test_an_exam_shows_its_analyses_what_was_decided_and_what_its_code_covers(
    desk: Desk, client_for: ClientFor
) -> None:
    with transaction(desk.engine) as session:
        exam = add_exam(session, desk)
        session.add(PanelMember(release_id=desk.release.id or 0, panel_num=PANEL, loinc_num="2951-2"))
        session.add(PanelMember(release_id=desk.release.id or 0, panel_num=PANEL, loinc_num="2823-3"))
    desk.decide(desk.sodium)
    desk.decide(desk.glucose, loinc_num="14749-6")
    page = client_for(TRANSCODER).get(f"{desk.base}/revue/{exam}?choix={PANEL}").text
    assert f"{PANEL} réunit 2 codes ; 1 sur 2 analyses codées en font partie." in page
    assert page.count("Dans l&#39;ensemble") == 1
    assert page.count("Hors de l&#39;ensemble") == 1
    assert "absente du catalogue" in page
    assert f"/catalogues/{desk.catalogue_id}/revue/{desk.glucose}" in page


def test_what_the_release_does_not_say_is_said_and_not_invented(desk: Desk, client_for: ClientFor) -> None:
    with transaction(desk.engine) as session:
        exam = add_exam(session, desk)
    page = client_for(READER).get(f"{desk.base}/revue/{exam}?choix={PANEL}").text
    assert f"La version de LOINC chargée ne dit pas ce que {PANEL} réunit" in page
    assert "Hors de l" not in page
    assert "Aucun code n&#39;est encore choisi" in client_for(READER).get(f"{desk.base}/revue/{exam}").text


def test_an_analysis_has_no_composition(desk: Desk, client_for: ClientFor) -> None:
    page = client_for(READER).get(f"{desk.base}/revue/{desk.sodium}").text
    assert "Ce que son code doit couvrir" not in page
    assert "codes de chapitre" not in page


def add_chapter(desk: Desk, label: str, codes: tuple[str, ...] = ()) -> int:
    """A chapter of which nothing is proposed, and the codes of sections that the release has."""
    with transaction(desk.engine) as session:
        chapter = LocalTest(
            catalogue_id=desk.catalogue_id, level=Level.CHAPTER, code="C1", label=label, position=91
        )
        session.add(chapter)
        session.flush()
        like = session.exec(select(LoincTerm).where(LoincTerm.loinc_num == "2951-2")).one()
        for code in codes:
            values = {**like.model_dump(exclude={"id"}), "loinc_num": code, "fr_label": f"section {code}"}
            session.add(LoincTerm(**values))
        return chapter.id or 0


def digits(page: str) -> dict[str, str]:
    """Key -> the code that it chooses."""
    return {digit: code for code, digit in re.findall(r'name="loinc_num" value="([^"]+)"[^>]*data-digit="(\d)"', page)}


def test_where_nothing_is_proposed_the_list_of_chapters_stands_as_candidates(
    desk: Desk, client_for: ClientFor
) -> None:
    """The likeliest has the first digit and is chosen; the others of the list are below, each with our French."""
    codes = ("18729-4", "18719-5", "18725-2", "18723-7", "18727-8", "18720-3")
    row = add_chapter(desk, "Bandelette et culot", codes)
    page = client_for(TRANSCODER).get(f"{desk.base}/revue/{row}").text
    chosen = digits(page)
    assert chosen["1"] == "18729-4"
    assert len(chosen) == 5
    assert set(chosen.values()) < set(codes)
    assert re.search(r'value="18729-4" form="form-choix"[^>]*checked', page)
    assert page.count("Liste des chapitres") == 5
    assert "Cherchez d" not in page
    assert "La recherche a abouti" not in page
    below = page[page.index('id="jeu-chapitres"') :]
    (sixth,) = set(codes) - set(chosen.values())
    assert f"section {sixth}" in below
    assert f'name="retenir" value="{sixth}"' in below
    assert not any(f"?choix={code}#" in below for code in chosen.values())
    answer = client_for(TRANSCODER).post(f"{desk.base}/revue/{row}/decision", data={"version": 0, "retenir": sixth})
    assert answer.status_code == 303
    assert desk.state(row).loinc_num == sixth


def test_a_code_of_a_chapter_has_a_french_name(desk: Desk, client_for: ClientFor) -> None:
    """Of our table, where neither LOINC nor our lexicon has one: compared, and in the list below."""
    codes = ("18729-4", "18719-5", "18725-2", "18723-7", "18727-8", "18720-3")
    row = add_chapter(desk, "Bandelette et culot", codes)
    with transaction(desk.engine) as session:
        for term in session.exec(select(LoincTerm).where(col(LoincTerm.loinc_num).in_(codes))):
            term.fr_label = ""
            session.add(term)
    page = client_for(TRANSCODER).get(f"{desk.base}/revue/{row}").text
    for french in ("Urines", "Biochimie", "Microbiologie", "Hématologie"):
        assert re.search(rf'class="ours">{french}', page), french


def test_nothing_of_the_list_is_chosen_where_no_word_points_at_it(desk: Desk, client_for: ClientFor) -> None:
    row = add_chapter(desk, "Commentaires", ("18729-4", "18719-5"))
    page = client_for(TRANSCODER).get(f"{desk.base}/revue/{row}").text
    assert set(digits(page).values()) == {"18729-4", "18719-5"}
    assert not re.search(r'form="form-choix"[^>]*checked', page)


def test_what_is_proposed_for_a_chapter_stays_alone(desk: Desk, client_for: ClientFor) -> None:
    row = add_chapter(desk, "BIOCHIMIE", ("18729-4", "18719-5"))
    with transaction(desk.engine) as session:
        session.add(
            Proposal(run_id=desk.run.id or 0, local_test_id=row, rank=1, loinc_num="18719-5", confidence=0.9,
                     band="to_check", evidence=[])
        )  # fmt: skip
    page = client_for(TRANSCODER).get(f"{desk.base}/revue/{row}").text
    assert digits(page) == {"1": "18719-5"}
    assert "Liste des chapitres" not in page


def test_a_chapter_lists_its_value_set_and_compares_any_of_it(desk: Desk, client_for: ClientFor) -> None:
    row = add_chapter(desk, "BIOCHIMIE")
    ours = client_for(TRANSCODER).get(f"{desk.base}/revue/{row}").text
    assert "Les autres codes de chapitre" in ours
    assert "18719-5" in ours, "our own table, where no value set is loaded"
    with transaction(desk.engine) as session:
        values = ValueSet(kind=ValueSetKind.CHAPTERS, title="Chapitres d'essai", member_count=1, is_current=True)
        session.add(values)
        session.flush()
        session.add(ValueSetMember(value_set_id=values.id or 0, loinc_num="18725-2", label="Microbiologie d'essai"))
    page = client_for(TRANSCODER).get(f"{desk.base}/revue/{row}").text
    assert "Microbiologie d&#39;essai" in page
    assert "18719-5" not in page
    assert f"/revue/{row}?choix=18725-2#comparaison" in page
