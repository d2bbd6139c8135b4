"""What the coded fields of HL7 v2 say: codes of LOINC and of the laboratory, and whose the others are.

Names of systems are those of HL7 table 0396, of the national guides, and what laboratories write instead; where they
are OIDs or addresses, in the component of the name or in that of the OID, these are read too.
"""

from dataclasses import dataclass

from app.emitted.code_systems import TABLE_0396, bare, is_known, is_known_name, is_loinc, is_ucum
from app.emitted.hl7v2_text import Dialect
from app.emitted.observed import CodeSystems

LONGEST = 4_000
"""Bytes of a coded field that are read: no code and no name is so long."""
MOST_COMPONENTS = 20
_MOST_REPETITIONS = 5
_PARTS = ((0, 1, 2, 13), (3, 4, 5, 16), (9, 10, 11, 19))
"""Code, text, name of system and its OID: the first identifier, the alternate, the second alternate (CWE)."""

_FLAGS = "METADMPMSS"
"""System of what the national form says of a document: whom it is sent to, who may see it."""
COMMENTS = frozenset({"8251-1", "48767-8", "77202-0", "86467-8", "55107-7"})
"""LOINC codes of what is said about results: comments on a report, on an act, on a result; addenda."""
DOCUMENTS = frozenset(
    "11502-2 11526-1 11488-4 11490-0 11506-3 18748-4 18842-5 34133-9 60591-5".split()
)
"""LOINC codes of whole documents: their text is a report, not a result."""


@dataclass(slots=True)
class Coded:
    """What one coded field carries."""

    loinc: tuple[str, ...] = ()
    local: tuple[str, ...] = ()
    has_waiting_code: bool = False
    is_flag: bool = False
    """Of the national form: no result, and no document either."""
    name: str = ""
    """The first code, the laboratory's own before those of LOINC, or else the text: what tells this field from another
    one of its message."""

    @property
    def has_no_code(self) -> bool:
        """Whether it is told by a text alone, or by nothing."""
        return not (self.loinc or self.local or self.has_waiting_code)

    @property
    def is_document(self) -> bool:
        """Whether it names a whole document."""
        return not DOCUMENTS.isdisjoint(self.loinc)

    @property
    def is_comment(self) -> bool:
        """Whether it names what is said about results."""
        return not COMMENTS.isdisjoint(self.loinc)


def coded(dialect: Dialect, raw: bytes, systems: CodeSystems) -> Coded:
    """The codes of a field of type CE or CWE, in any order of its identifiers."""
    loinc: dict[str, None] = {}
    local: dict[str, None] = {}
    texts: dict[str, None] = {}
    others: dict[str, None] = {}
    found = Coded()
    waiting = {bare(name) for name in systems.waiting}
    for repetition in dialect.repetitions(dialect.text(raw), _MOST_REPETITIONS):
        parts = [dialect.plain(part) for part in dialect.components(repetition, MOST_COMPONENTS)]
        parts += [""] * (MOST_COMPONENTS - len(parts))
        for code_at, text_at, name_at, oid_at in _PARTS:
            code, names = parts[code_at], (parts[name_at].upper(), parts[oid_at].upper())
            if parts[text_at]:
                texts[parts[text_at]] = None
            if _FLAGS in names:
                found.is_flag = True
            if not code:
                continue
            if any(map(is_loinc, names)):
                loinc[code] = None
            elif not waiting.isdisjoint(map(bare, names)):
                found.has_waiting_code = True
                others[code] = None
            elif any(map(is_known_system, names)):
                others[code] = None
            else:
                local[code] = None
    found.loinc, found.local = tuple(loinc), tuple(local)
    found.name = next(iter((*local, *loinc, *others, *texts)), "")
    return found


def is_known_system(name: str) -> bool:
    """Whether a system, in capitals, is national or international, and so of no laboratory."""
    return name in TABLE_0396 or is_known(name) or is_known_name(name)


def unit(dialect: Dialect, raw: bytes) -> str:
    """The unit of an OBX-6: of its codes the one that is said to be of UCUM, else the first, or a text without any.

    A laboratory's own code may be that of another unit in UCUM: its `MM` is no millimetre.
    """
    if not raw:
        return ""
    first = dialect.repetitions(dialect.text(raw), 1)
    parts = [dialect.plain(part) for part in dialect.components(first[0], MOST_COMPONENTS)]
    parts += [""] * (MOST_COMPONENTS - len(parts))
    told = (parts[code_at] for code_at, _, *said in _PARTS if any(is_ucum(parts[at]) for at in said))
    return next(filter(None, (*told, parts[0], parts[1], parts[3], parts[4])), "")
