"""That a local code has no LOINC code, as a biologist approved it: why, and who found it when.

R5 says it by `noMap`, which leaves no place for a reason, a person or a day; R4 has no element for any of it. Both
carry it in extensions that HL7 defines: `note`, and in R4 what R5 calls `noMap`. Translators go on answering that
nothing matches: neither version gets a target.
"""

from collections.abc import Mapping
from typing import Any

from app.fhir_resources.values import filled, instant
from app.files.fhir_json import NO_MAP_EXTENSION, NOTE_EXTENSION
from app.models import Outcome
from app.publication.schemas import PublishedTest, UncodedReason
from app.text import one_line

_LABELS: Mapping[Outcome, str] = {
    Outcome.NO_LOINC: UncodedReason.NO_LOINC.label,
    Outcome.OUT_OF_SCOPE: UncodedReason.OUT_OF_SCOPE.label,
}


def notes_on(test: PublishedTest) -> list[dict[str, Any]]:
    """The extensions of a row without code: what is settled and why, then what was added to it."""
    label, reason = _LABELS.get(Outcome(test.outcome), ""), one_line(test.reason)
    texts = [" : ".join(text for text in (label, reason) if text), one_line(test.comment)]
    return [{"url": NOTE_EXTENSION, "valueAnnotation": _annotation(test, text)} for text in texts if text]


def no_map(test: PublishedTest) -> list[dict[str, Any]]:
    """The same in R4, which must say first that there is no code."""
    return [{"url": NO_MAP_EXTENSION, "valueBoolean": True}, *notes_on(test)]


def _annotation(test: PublishedTest, text: str) -> dict[str, Any]:
    decided = instant(test.decided_at) if test.decided_at else ""
    return filled({"authorString": one_line(test.decided_by), "time": decided, "text": text})
