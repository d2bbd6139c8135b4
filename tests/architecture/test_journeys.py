"""docs/architecture.md tells the truth: every room has its paragraph, every journey holds in the code."""

import re

import pytest

from tests.architecture.journeys import DOCUMENT, Journey, faults_of, read_journeys
from tests.architecture.plan import contract_layers, read_plan

TEXT = DOCUMENT.read_text(encoding="utf-8")
JOURNEYS = read_journeys(TEXT)


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.title)
def test_a_journey_only_goes_forward(journey: Journey) -> None:
    assert journey.legs
    assert all(len(leg.steps) > 2 for leg in journey.legs)
    assert faults_of(journey, read_plan()) == []


def test_the_five_journeys_are_told() -> None:
    assert len(JOURNEYS) == 5


def test_every_room_of_the_contract_has_its_paragraph_and_no_other() -> None:
    rooms = TEXT.partition("## The rooms")[2].partition("## Five journeys")[0]
    bold = " ".join(re.findall(r"\*\*(.+?)\*\*", rooms))
    told = {name.rstrip("/") for name in re.findall(r"`([\w/]+)`", bold)}
    assert told == {room for layer in contract_layers() for room in layer}


BROKEN = """## Five journeys

### A false one

**{sense}**

1. `{first}` · `{function}` — first
2. `{second}` — second
"""


@pytest.mark.parametrize(
    ("sense", "first", "function", "second", "fault"),
    [
        ("Calls go down", "app/nowhere.py", "f", "app/text.py", "app/nowhere.py does not exist"),
        ("Calls go down", "app/text.py", "vanished", "app/text.py", "app/text.py has no function vanished"),
        ("Calls go down", "app/audit/service.py", "record", "app/review/routes.py", "goes backward"),
        ("Data come up", "app/review/routes.py", "decide", "app/audit/service.py", "goes backward"),
        ("Calls go down", "app/review/routes.py", "decide", "app/tokens/service.py", "no step before"),
        ("Data come up", "app/tokens/service.py", "is_live", "app/review/routes.py", "nothing links"),
        ("Data come up", "app/text.py", "counted", "matcher/engine.py", "no room of the leg imports"),
        ("Calls go down", "app/audit/service.py", "record", "app/text.py", "nothing named in the leg uses record"),
    ],
)
def test_a_false_journey_is_seen(sense: str, first: str, function: str, second: str, fault: str) -> None:
    (journey,) = read_journeys(BROKEN.format(sense=sense, first=first, function=function, second=second))
    assert any(fault in told for told in faults_of(journey, read_plan()))


def test_a_line_that_is_no_step_is_refused() -> None:
    with pytest.raises(ValueError, match="no step"):
        read_journeys("## Five journeys\n### One\n**Data come up**\n1. app/text.py, then on\n")


def test_a_request_that_takes_over_needs_what_was_kept() -> None:
    text = TEXT.replace("Kept in `ReviewState`", "Kept in `SignInAttempt`")
    faults = [fault for journey in read_journeys(text) for fault in faults_of(journey, read_plan())]
    assert faults == ["nothing is kept between app/approval/routes.py and app/coverage/routes.py"]
