"""The search of a case: words as laboratories write them, narrowed by what the row says, without leaving the case."""

import re
from html import unescape

import pytest
from sqlmodel import select

from app.models import Action, ExamAnalysis, LocalTest, LoincRelease
from app.platform.database import transaction
from app.proposals.service import prepare_engine
from app.terminology.starter import load_starter
from tests.app.review.conftest import Desk
from tests.conftest import BIOLOGIST, OUTSIDER, READER, TRANSCODER, ClientFor

CODES = re.compile(r'class="hit" [^>]*data-code="([^"]+)"')


def found(desk: Desk, client_for: ClientFor, row: int, asked: str, email: str = TRANSCODER) -> str:
    answer = client_for(email).get(f"{desk.base}/revue/{row}/recherche{asked}")
    assert answer.status_code == 200
    return unescape(answer.text)


@pytest.fixture
def starter(desk: Desk) -> Desk:
    """The desk over our whole starter terminology: abbreviations need codes to be read as."""
    with transaction(desk.engine) as session:
        for release in session.exec(select(LoincRelease)):
            release.is_current = False
            session.add(release)
        session.flush()
        load_starter(session, lambda *_told: None).is_current = True
    prepare_engine(desk.engine, desk.settings)
    return desk


def test_words_of_laboratories_codes_and_long_names(starter: Desk, client_for: ClientFor) -> None:
    """Abbreviations and the names of exams are read as in a catalogue; the row's name does not answer for them."""
    for text, code in (
        ("NFS hb", "718-7"),
        ("NFS hémoglobine", "718-7"),
        ("TSH us", "3016-3"),
        ("2951-2", "2951-2"),
        ("Sodium [Moles/volume] in Serum or Plasma", "2951-2"),
    ):
        codes = CODES.findall(found(starter, client_for, starter.comment_row, f"?axes=1&recherche={text}"))
        assert code in codes[:3], (text, codes)
    assert CODES.findall(found(starter, client_for, starter.glucose, "?recherche=zzzzzz")) == []


def test_the_axes_of_the_row_narrow_and_are_taken_away(desk: Desk, client_for: ClientFor) -> None:
    """The sodium of urine is out of a serum's reach as long as the specimen is asked, and told to be."""
    narrow = found(desk, client_for, desk.sodium, "?recherche=sodium")
    assert CODES.findall(narrow)[0] == "2951-2"
    assert "2955-3" not in CODES.findall(narrow)
    assert 'value="system" form="form-recherche" checked' in narrow
    wide = found(desk, client_for, desk.sodium, "?recherche=sodium&axes=1&axe=scale")
    assert "2955-3" in CODES.findall(wide)
    assert 'value="system" form="form-recherche" checked' not in wide
    by_number = found(desk, client_for, desk.sodium, "?recherche=2955-3")
    assert CODES.findall(by_number) == ["2955-3"]


def test_what_no_axis_of_the_row_allows_is_shown_and_said_to_be_so(desk: Desk, client_for: ClientFor) -> None:
    """A protein of serum asked on a row of urine: found without the specimen, and the page says so."""
    widened = found(desk, client_for, desk.strip, "?recherche=C reactive protein")
    assert "1988-5" in CODES.findall(widened)
    assert "voici ce qui répond sans eux" in widened
    assert "voici ce qui répond sans eux" not in found(desk, client_for, desk.sodium, "?recherche=sodium")


def test_without_words_the_axes_alone(desk: Desk, client_for: ClientFor) -> None:
    html = found(desk, client_for, desk.sodium, "")
    assert "Milieu : " in html
    assert CODES.findall(html) == []


def test_a_row_of_another_catalogue_is_not_searched_for(desk: Desk, client_for: ClientFor) -> None:
    assert client_for(OUTSIDER).get(f"{desk.base}/revue/{desk.sodium}/recherche?recherche=sodium").status_code == 404
    assert client_for(TRANSCODER).get(f"{desk.base}/revue/99999/recherche?recherche=sodium").status_code == 404
    assert "Retenir" not in found(desk, client_for, desk.sodium, "?recherche=sodium", READER)


@pytest.mark.parametrize(
    "asked", ["?recherche=%00", "?recherche=%22%27*()%7C&axes=1&axe=bizarre", "?recherche=" + "x" * 3000]
)
def test_no_words_break_the_search(desk: Desk, client_for: ClientFor, asked: str) -> None:
    assert client_for(TRANSCODER).get(f"{desk.base}/revue/{desk.sodium}/recherche{asked}").status_code in (200, 422)


def test_nothing_found_says_where_and_what_was_understood(desk: Desk, client_for: ClientFor) -> None:
    """The release, how many terms, that they are an extract; what was read and what was not; the search comes first."""
    html = unescape(client_for(TRANSCODER).get(f"{desk.base}/revue/{desk.unproposed}").text)
    said = html.split('class="nothing-found"')[1].split("</div>")[0]
    assert "LOINC 2.80" in said
    assert f"{desk.release.term_count} termes, un extrait de LOINC" in said
    assert "Non lu : « rare »" in said
    assert "Grandeur : MCnc" in said
    assert "version complète" in said
    assert html.index('href="#recherche-loinc"') < html.index("Aucun code <kbd")


def test_the_unit_is_read_second_and_what_differs_is_marked(desk: Desk, client_for: ClientFor) -> None:
    html = unescape(client_for(TRANSCODER).get(f"{desk.base}/revue/{desk.sodium}").text)
    axes = re.findall(r'<th scope="row" class="axis">([^<]+)</th>', html)
    assert axes == ["Composant", "Unité", "Milieu", "Grandeur", "Échelle", "Temporalité", "Technique"]
    assert "diffère de 2951-2" in html
    first = html.split('class="cell')[1]
    assert "diffère" not in first.split("</td>")[0]


def test_the_last_comment_and_the_analyses_of_the_exam_are_in_sight(desk: Desk, client_for: ClientFor) -> None:
    with transaction(desk.engine) as session:
        exam = LocalTest(catalogue_id=desk.catalogue_id, level="exam", code="IONO", label="IONOGRAMME")
        session.add(exam)
        session.flush()
        held = exam.id or 0
        session.add(ExamAnalysis(exam_id=held, analysis_code="NA", analysis_label="SODIUM", analysis_id=desk.sodium))
        for number in range(6):
            session.add(ExamAnalysis(exam_id=held, analysis_code=f"A{number}", analysis_label=f"ION {number}"))
    desk.decide(desk.sodium, Action.COMMENT, comment="vu avec le technicien")
    desk.decide(desk.sodium, Action.COMMENT, email=BIOLOGIST, comment="à confirmer")
    html = unescape(client_for(TRANSCODER).get(f"{desk.base}/revue/{desk.sodium}").text)
    head = html.split('class="case-head"')[1].split("</header>")[0]
    assert "ION 0, ION 1, ION 2, ION 3" in head
    assert "+ 2" in head
    assert "Béatrice Biologiste" in head
    assert "« à confirmer »" in head
    assert "1 autre commentaire" in head
