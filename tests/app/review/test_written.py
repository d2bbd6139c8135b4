"""What counts as written where an act asks why: never a text that nobody sees, nor a key pressed twice."""

from collections.abc import Callable

import pytest

from app.approval.service import send_back
from app.batches.group_asking import Answer, sift_group
from app.consistency.service import answer as answer_warning
from app.errors import InvalidInputError
from app.jobs.queue import JobQueue
from app.models import Action, ConsistencyAction, ConsistencyKind, Relation
from app.platform.database import reading, transaction
from app.review import undoing
from app.text import is_written, seen, without_controls
from app.transcoding.errors import JustificationNeededError
from tests.app.approval.opened import approve
from tests.app.review.conftest import Desk
from tests.conftest import BIOLOGIST, TRANSCODER, ClientFor

NOTHING = {
    "zero width space": "\u200b" * 5,
    "braille blank": "\u2800" * 4,
    "hangul filler": "\u3164\u3164\u3164",
    "halfwidth filler": "\uffa0\u115f\u1160",
    "soft hyphen": "\u00ad\u00ad\u00ad",
    "byte order mark": "\ufeff",
    "no-break space": "\u00a0\u202f ",
    "stop": "...",
    "one letter": "v",
    "two letters": "vv",
    "one letter often": "vvvv",
    "letters with nothing between": "v\u200bv",
}


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING.keys())
def test_nothing_is_written(text: str) -> None:
    assert not is_written(text)


@pytest.mark.parametrize("text", ["vu au CHU", "oui", "NFS", "l’automate", "\u200bà revoir\u200b", "n° 12", "βhCG"])
def test_something_is_written(text: str) -> None:
    assert is_written(text)


def test_what_is_stored_is_what_is_seen() -> None:
    assert seen("\ufeff\u200b \u3164") == ""
    assert seen("\u200b vu\u00a0hier\u2800\n") == "vu\u00a0hier"
    assert without_controls("a\x00b\x1b\x85\tc\r\nd\ud800") == "ab\tc\r\nd"


def test_a_contradicted_code_asks_for_words(desk: Desk) -> None:
    for text in NOTHING.values():
        with pytest.raises(JustificationNeededError, match="Justifiez par écrit"):
            desk.decide(desk.sodium, loinc_num="2947-0", justification=text)
    assert desk.facts(desk.sodium) == []


@pytest.mark.parametrize("action", [Action.DOUBT, Action.NO_LOINC, Action.OUT_OF_SCOPE])
def test_every_reason_asks_for_words(desk: Desk, action: Action) -> None:
    for text in NOTHING.values():
        with pytest.raises(InvalidInputError):
            desk.decide(desk.sodium, action, reason=text)
    assert desk.facts(desk.sodium) == []


def test_the_sentence_says_how_much_is_asked(desk: Desk) -> None:
    with pytest.raises(InvalidInputError, match="Trois lettres ou chiffres au moins, dont deux différents"):
        desk.decide(desk.sodium, Action.NO_LOINC, reason="vv")
    with pytest.raises(InvalidInputError, match=r"^Indiquez le motif\.$"):
        desk.decide(desk.sodium, Action.NO_LOINC, reason="\u200b")


def test_a_narrower_code_asks_for_words(desk: Desk) -> None:
    for text in NOTHING.values():
        with pytest.raises(InvalidInputError, match="demande un commentaire"):
            desk.decide(desk.sodium, relation=Relation.LOINC_NARROWER, comment=text)


def test_judging_asks_for_words(desk: Desk) -> None:
    desk.decide(desk.sodium)
    for text in NOTHING.values():
        with transaction(desk.engine) as session, pytest.raises(InvalidInputError):
            send_back(session, desk.access(BIOLOGIST), desk.sodium, 1, text)
    with transaction(desk.engine) as session:
        approve(session, desk.access(BIOLOGIST), desk.sodium, 1, settings=desk.settings)
    queue = JobQueue(desk.settings, desk.engine)
    for text in NOTHING.values():
        with transaction(desk.engine) as session:
            outcome = undoing.undo_newest(session, desk.access(BIOLOGIST), queue, None, text)
        assert isinstance(outcome, undoing.Refused), repr(text)
        assert outcome.needs_reason, repr(text)
        # The reopening of what is approved, too.
        with pytest.raises(InvalidInputError):
            desk.decide(desk.sodium, loinc_num="2955-3", reason=text)
    assert len(desk.facts(desk.sodium)) == 2


@pytest.mark.parametrize("action", [Action.DOUBT, Action.NO_LOINC])
def test_a_group_asks_for_words(desk: Desk, action: Action) -> None:
    for text in NOTHING.values():
        said = Answer(action, reason=text)
        with reading(desk.engine) as session, pytest.raises(InvalidInputError):
            sift_group(session, desk.access(), desk.sodium, {desk.sodium: 0}, said)


def test_a_warning_asks_for_words(desk: Desk) -> None:
    kind, action = ConsistencyKind.LABEL, ConsistencyAction.ACCEPT
    for text in NOTHING.values():
        with transaction(desk.engine) as session, pytest.raises(InvalidInputError, match="pourquoi c’est voulu"):
            answer_warning(session, desk.access(), kind, "analyse:1", "", action, text)


def test_an_unseen_comment_is_no_comment(desk: Desk) -> None:
    fact = desk.decide(desk.sodium, comment="\u200b\ufeff\u2800")
    assert fact.comment == ""
    assert not desk.state(desk.sodium).has_comment
    with pytest.raises(InvalidInputError, match="Écrivez le commentaire"):
        desk.decide(desk.sodium, Action.COMMENT, comment="\u3164")


@pytest.fixture
def post(desk: Desk, client_for: ClientFor) -> Callable[..., int]:
    """Sends a form on the row of the sodium and returns the status of the answer."""

    def send(act: str, **data: str) -> int:
        return client_for(TRANSCODER).post(f"{desk.base}/revue/{desk.sodium}/{act}", data=data).status_code

    return send


def test_no_control_character_reaches_a_fact(desk: Desk, post: Callable[..., int]) -> None:
    assert post("decision", version="0", action="choose", loinc_num="2951-2", comment="vu\x02 le\x1b[1m\x85 12") == 303
    assert post("repere", version="1", action="flag", note="à\x01 revoir\x7f") == 303
    comment, note = desk.facts(desk.sodium)[0].comment, desk.facts(desk.sodium)[1].reason
    assert (comment, note) == ("vu le[1m 12", "à revoir")


@pytest.mark.parametrize("text", ["vu\x00 le 12", "\x00", "\x1b\x07"])
def test_a_zero_or_nothing_but_controls_is_refused(desk: Desk, post: Callable[..., int], text: str) -> None:
    assert post("decision", version="0", action="choose", loinc_num="2951-2", comment=text) == 400
    assert desk.facts(desk.sodium) == []


def test_no_code_with_an_unseen_free_reason_is_refused(desk: Desk, post: Callable[..., int]) -> None:
    assert post("decision", version="0", action="no_loinc", reason="", other_reason="\u2800\u2800") == 422
    assert desk.facts(desk.sodium) == []
