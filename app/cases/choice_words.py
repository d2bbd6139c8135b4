"""What decided for a code among those that differ by technique or precision, in a few words."""

from collections.abc import Mapping, Sequence
from inspect import getdoc

from app.cases.method_glosses import METHOD_GLOSS
from app.models import LoincTerm
from app.transcoding.evidence import EvidenceLine
from matcher.evidence import choice
from matcher.families import family_key
from matcher.types import Axis, Term, Verdict

WRITTEN = "Technique écrite"


def _start(rule: object) -> str:
    """How the sentence of a rule begins, before what it fills in."""
    return (getdoc(rule) or "").split("{")[0]


_DECIDED = _start(choice.as_decided)
_SHORT = (
    (_start(choice.laboratory_rule), "Règle du laboratoire"),
    (_start(choice.national_choice), "Choix national"),
    (_start(choice.among_national_set), "Circuit de la biologie"),
)


def decided_by(lines: Sequence[EvidenceLine]) -> str:
    """`Choix national`, `Comme vos décisions sur « Ac anti-CCP »`: the strongest reason for a chosen code, empty when
    nothing beside its row chose it. The whole sentence is among the lines."""
    for line in lines:
        for start, short in _SHORT:
            if line.sentence.startswith(start):
                return short
        if line.sentence.startswith(_DECIDED):
            # After the examples the sentence says what they have in common, which the column shows.
            said = line.sentence.rstrip(".")
            return said.rsplit(" : ", 1)[0]
    return ""


def in_french(sentence: str, method: str) -> str:
    """A sentence on what was decided, its technique in French with the name of LOINC beside."""
    french = METHOD_GLOSS.get(method, "")
    told = f" : {method}."
    if not french or not sentence.startswith(_DECIDED) or not sentence.endswith(told):
        return sentence
    return f"{sentence.removesuffix(told)} : {french} ({method})."


def written_techniques(terms: Mapping[str, LoincTerm], lines: Mapping[str, Sequence[EvidenceLine]]) -> set[str]:
    """The codes that the technique written in the row tells from their siblings: of several, the only one to agree."""
    families: dict[tuple[str, ...], list[str]] = {}
    for number, term in terms.items():
        families.setdefault(family_key(as_matched(term)), []).append(number)
    found: set[str] = set()
    for numbers in families.values():
        agreeing = [number for number in numbers if terms[number].method_typ and _agrees(lines[number])]
        if len(numbers) > 1 and len(agreeing) == 1:
            found.update(agreeing)
    return found


def _agrees(lines: Sequence[EvidenceLine]) -> bool:
    return any(line.axis is Axis.METHOD and line.verdict is Verdict.AGREE and line.local for line in lines)


def as_matched(term: LoincTerm) -> Term:
    """A term of the release as the families of the matcher read it."""
    return Term(
        term.loinc_num, term.component, term.property, term.time_aspct, term.system, term.scale_typ, term.method_typ,
        long_common_name=term.long_common_name,
    )  # fmt: skip
