"""How a refusal reads: rows and columns by name, never what they hold."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from app.errors import ImportRefusedError, InputProblem, InvalidInputError
from app.patient_guard.findings import ANSWERED, OVERRULED, SAID, Finding, Kind
from app.text import counted

_SHOWN_ROWS = 8
_REFUSED = (
    "cette colonne ressemble à des données de patients ({}). L'atelier n'enregistre que des catalogues "
    "d'analyses, sans aucune donnée nominative ; retirez ces lignes ou ces colonnes de l'export et recommencez."
)
ARTICLES_WORDS = "si ce sont bien des codes d'articles"
"""How the question reads: whoever asks it adds how it is answered."""
_ASKED = (
    "ce sont des données de patients ou des codes d'articles ({}). Rien n'est gardé en attendant votre réponse : "
    f"{ARTICLES_WORDS}, dites-le en renvoyant le fichier ; sinon, retirez cette colonne."
)
_MESSAGE = (
    "le fichier ressemble à des données de patients ({}). L'atelier n'enregistre que des catalogues d'analyses, sans "
    "aucune donnée nominative ; demandez au SGL un export de son catalogue en CSV ou en classeur."
)
TEXT_REFUSED = (
    "Ce texte contient {} : l'atelier n'enregistre aucune donnée de patient. Rien n'a été enregistré ; retirez-en ce "
    "qui désigne une personne et recommencez."
)


class PatientDataError(ImportRefusedError):
    """A file holds patients, or may: nothing of it was kept."""

    def __init__(self, problems: list[InputProblem], counts: Mapping[str, int]) -> None:
        super().__init__(problems)
        self.counts = dict(counts)
        """Kind of trace -> rows, for the journal: never what they hold."""

    @property
    def asks_articles(self) -> bool:
        """Whether a question is open: are these numbers article numbers?"""
        return Kind.ARTICLE.value in self.counts

    @property
    def may_be_overruled(self) -> bool:
        """Whether an administrator may let the names pass, once the question is answered."""
        overruled = {kind.value for kind in OVERRULED}
        return bool(set(self.counts) & overruled) and set(self.counts) <= overruled | {kind.value for kind in ANSWERED}


class Refusals:
    """The refusals of several files, raised as one: of patients when one of them holds patients."""

    def __init__(self) -> None:
        self._problems: list[InputProblem] = []
        self._counts: Counter[str] = Counter()

    def add(self, error: ImportRefusedError) -> None:
        """Take the refusal of one file."""
        self._problems += error.problems
        if isinstance(error, PatientDataError):
            self._counts.update(error.counts)

    def raise_any(self) -> None:
        """Raise what was taken, if anything was."""
        if self._counts:
            raise PatientDataError(self._problems, self._counts)
        if self._problems:
            raise ImportRefusedError(self._problems)


class PatientTextError(InvalidInputError):
    """What somebody typed speaks of a patient: it is refused, and given back to her alone."""

    def __init__(self, kinds: Sequence[Kind]) -> None:
        said = " et ".join(_ARTICLES[kind] for kind in kinds)
        super().__init__(TEXT_REFUSED.format(said))
        self.counts = {kind.value: 1 for kind in kinds}
        self.typed: list[str] = []
        """What was typed, for the answer to its author only."""


_ARTICLES = {
    Kind.NUMBER: "un numéro de sécurité sociale (NIR ou INS)",
    Kind.NUMBER_FORM: "un nombre écrit comme un numéro de sécurité sociale (NIR ou INS)",
    Kind.ABROAD: "le numéro national de quelqu'un",
    Kind.AGE: "l'âge de quelqu'un et son résultat",
    Kind.BIRTH: "la date de naissance de quelqu'un",
    Kind.NAME: "le nom de quelqu'un",
    Kind.MESSAGE: "un message de résultats ou une ressource de patient",
}


def rows_said(numbers: Sequence[int]) -> str:
    """Rows as a sentence names them, the first of them."""
    listed = ", ".join(map(str, numbers[:_SHOWN_ROWS]))
    rest = len(numbers) - _SHOWN_ROWS
    more = f" et {counted(rest, 'autre', 'autres')}" if rest > 0 else ""
    return f"ligne {listed}" if len(numbers) == 1 else f"lignes {listed}{more}"


def problems_of(
    file_name: str, findings: Sequence[Finding], name_of: Callable[[int], str], where: str = ""
) -> list[InputProblem]:
    """What is said of the findings of one table; `name_of` gives a column its name."""
    by_column: dict[tuple[int | None, str], tuple[set[int], list[str]]] = {}
    problems = []
    for finding in findings:
        if finding.kind is Kind.HEADING and finding.column is not None:
            said = where + _REFUSED.format(SAID[finding.kind])
            problems.append(InputProblem(file_name, said, finding.rows[0], name_of(finding.column)))
            continue
        sentence = _ASKED if finding.kind is Kind.ARTICLE else _MESSAGE if finding.kind is Kind.MESSAGE else _REFUSED
        rows, kinds = by_column.setdefault((finding.column, sentence), (set(), []))
        rows.update(finding.rows)
        kinds.append(SAID[finding.kind])
    for (column, sentence), (rows, kinds) in by_column.items():
        said = sentence.format(" ; ".join(kinds))
        told = f"{where}{rows_said(sorted(rows))} : {said}" if rows else f"{where}{said}"
        problems.append(InputProblem(file_name, told, column="" if column is None else name_of(column)))
    return problems


def counts_of(findings: Sequence[Finding]) -> dict[str, int]:
    """Kind -> rows."""
    counts: Counter[str] = Counter()
    for finding in findings:
        counts[finding.kind.value] += max(1, len(finding.rows))
    return dict(counts)
