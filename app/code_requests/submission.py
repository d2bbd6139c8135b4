"""The lines that ask LOINC for new terms, in the columns of Regenstrief's basic submission template.

The template itself (a workbook of loinc.org/submissions/new-terms) could not be read. Its columns and their order are
those that the public source of ISAAC, a workbench of Apelon for the VA, declares as its headings (repository
Apelon-VA/ISAAC, `gov.va.isaac.request.loinc.LoincContentRequestHandler`, NEW_CONCEPT_HEADERS). Nothing there tells of
which year that template was, and the lines that it writes leave Answers out. What Regenstrief says that it needs
beside them is told on loinc.org (new terms; appendix D of the LOINC Users' Guide): `BESIDE`.

Only what the catalogue says, and what the engine reads in it without hesitating, is proposed; the rest is `TO_FILL`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.models import LocalTest
from app.proposals.understanding import Understood
from matcher.types import Axis

HEADINGS = (
    "Reference #", "Local observation code", "Local observation name", "Observation description", "Reference Info/URL",
    "Component", "Property", "Timing", "System", "Scale", "Method", "Answers", "Units", "Formula",
)  # fmt: skip
TO_FILL = "[TO COMPLETE]"
"""Seen in the file, in English as its readers are; nobody can take it for a value."""
OPTIONAL = frozenset({"Method", "Answers", "Units", "Formula", "Reference Info/URL"})
"""Columns that stay empty where nothing is known: a term may have no technique, a number has no list of answers."""
_AXES = {
    "Property": Axis.PROPERTY, "Timing": Axis.TIME, "System": Axis.SYSTEM, "Scale": Axis.SCALE, "Method": Axis.METHOD,
}  # fmt: skip
FRENCH = {
    "Observation description": "Description, en anglais\u202f: ce que l’analyse mesure, comment, à quoi elle sert",
    "Component": "Composant (Component), en anglais de LOINC",
    "Property": "Grandeur (Property)",
    "Timing": "Temporalité (Timing)",
    "System": "Milieu (System)",
    "Scale": "Échelle (Scale)",
    "Method": "Technique (Method), si LOINC doit la distinguer",
    "Answers": "Liste des réponses possibles (Answers), pour un résultat qui n’est pas un nombre",
}
BESIDE = (
    "votre nom, votre organisme et une adresse électronique ;",
    "le nom de l’examen prescrit, si l’analyse en fait partie ;",
    "le laboratoire sous-traitant, si elle est sous-traitée ;",
    "des exemples de résultats ou de comptes rendus, sans donnée de patient ;",
    "la notice du réactif, l’automate et le fabricant ;",
    "le projet qui motive la demande.",
)
"""What Regenstrief asks for beside the lines."""


@dataclass(frozen=True, slots=True)
class Line:
    """A request as the file writes it."""

    cells: Mapping[str, str]
    """Heading -> text, TO_FILL where a person must write."""
    choices: Mapping[str, tuple[str, ...]]
    """Heading -> the values between which the engine hesitates, when there are several."""

    @property
    def row(self) -> list[str]:
        """The texts in the order of the columns."""
        return [self.cells[heading] for heading in HEADINGS]

    @property
    def to_fill(self) -> list[str]:
        """The headings that a person must fill."""
        return [heading for heading in HEADINGS if self.cells[heading] == TO_FILL]


def line_of(test: LocalTest, read: Understood) -> Line:
    """The line of a row: what it says, and the LOINC parts that it stands for where there is only one reading."""
    axes = dict(read.axes)
    parts: dict[str, Sequence[str]] = {heading: axes.get(axis, ()) for heading, axis in _AXES.items()}
    # A word of the label that nothing explains may be what makes the test another one: its name is for a person.
    parts["Component"] = () if read.unread else tuple(dict.fromkeys(component for _, component in read.words))
    has_answers = test.results and "Qn" not in axes.get(Axis.SCALE, ())
    cells = {
        "Reference #": test.public_id,
        "Local observation code": test.code,
        "Local observation name": test.label,
        "Observation description": TO_FILL,
        "Reference Info/URL": "",
        **{heading: _one(heading, values) for heading, values in parts.items()},
        "Answers": (test.results or "") if has_answers else "",
        "Units": test.unit or test.unit_code,
        "Formula": "",
    }
    if not cells["Answers"] and not cells["Units"]:
        cells["Answers"] = TO_FILL
    return Line(cells, {heading: tuple(values) for heading, values in parts.items() if len(values) > 1})


def _one(heading: str, values: Sequence[str]) -> str:
    if len(values) == 1:
        return values[0]
    return "" if not values and heading in OPTIONAL else TO_FILL
