"""The page that compares two versions, and its CSV."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from sqlmodel import Session
from starlette.datastructures import QueryParams

from app.errors import ConflictError, InvalidInputError
from app.files.kinds import LEVEL_NAMES
from app.models import Level
from app.platform.identity import CatalogueAccess
from app.terminology.service import current_release
from app.text import one_line, paris_time, release_title
from app.transcoding.readers import approved_unread_by, blind_person
from app.versions import repository, wording
from app.versions.canonical import CanonicalRow
from app.versions.comparison import Difference, Nature, counts_of, differences, narrowed
from app.versions.contents import KeptVersion, PresentRows
from app.versions.page_building import path_of
from app.versions.pages import Choice, ComparisonPage, DifferenceLine, NatureLink
from app.versions.state import last_number

PAGE = 100
PRESENT = "actuel"
LARGEST_NUMBER = 1_000_000
READ_FIRST = (
    "Des lignes approuvées de ce catalogue attendent une deuxième lecture, à l’aveugle, que vous pouvez faire : cette "
    "page vous montrerait leur code. Faites ces lectures (onglet « Double lecture »)."
)
HEADER = (
    "Nature", "Niveau", "Code local", "Libellé", "Chapitre", "Avant", "Après", "Ce qui diffère",
)  # fmt: skip
NATURES = {
    Nature.CODE: ("code", "Autre réponse", "chip-bad"),
    Nature.ADDED: ("ajout", "Ligne ajoutée", "chip-info"),
    Nature.REMOVED: ("retrait", "Ligne retirée", "chip-warn"),
    Nature.TEXT: ("texte", "Autre texte", "chip-mute"),
    Nature.APPROVAL: ("approbation", "Approuvée de nouveau", "chip-mute"),
}
"""Of each nature: its word in the address, its name, its colour."""
_OF_WORD = {word: nature for nature, (word, _, _) in NATURES.items()}


class ComparisonQuery(BaseModel):
    """What the address asks to compare."""

    model_config = ConfigDict(frozen=True)

    de: str = ""
    a: str = PRESENT
    natures: tuple[str, ...] = ()
    q: str = Field(default="", max_length=200)
    page: int = Field(default=1, ge=1, le=100_000)

    @field_validator("de", "a")
    @classmethod
    def _is_version(cls, word: str) -> str:
        if word in ("", PRESENT):
            return word
        if not (word.isascii() and word.isdigit() and 0 < int(word[:9]) <= LARGEST_NUMBER and len(word) <= 7):
            raise ValueError("version inconnue")
        return str(int(word))

    @field_validator("natures")
    @classmethod
    def _are_known(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if not all(word in _OF_WORD for word in words):
            raise ValueError("nature inconnue")
        return tuple(sorted(set(words)))

    @classmethod
    def from_params(cls, params: QueryParams) -> "ComparisonQuery":
        """Read the address; InvalidInputError when it is no address of this page."""
        try:
            return cls(
                de=params.get("de") or "",
                a=params.get("a") or PRESENT,
                natures=tuple(params.getlist("nature")),
                q=params.get("q") or "",
                page=int(params.get("page") or 1),
            )
        except (ValidationError, ValueError) as error:
            raise InvalidInputError("L’adresse contient une version ou un filtre inconnus.") from error

    def url(self, path: str, **extra: str) -> str:
        """A link to this comparison."""
        pairs = [("de", self.de), ("a", self.a), *(("nature", word) for word in self.natures)]
        pairs += [("q", self.q)] if self.q else []
        pairs += [("page", str(self.page))] if self.page > 1 else []
        return f"{path}?{urlencode([*pairs, *extra.items()])}"

    def changed(self, **update: object) -> "ComparisonQuery":
        """A copy at its first page."""
        return self.model_copy(update={"page": 1, **update})


@dataclass(frozen=True, slots=True)
class Compared:
    """Two sides as they were read; what differs is found with no transaction open."""

    query: ComparisonQuery
    numbers: tuple[int, ...]
    """Every version that was ever signed."""
    old: KeptVersion | PresentRows
    new: KeptVersion | PresentRows
    releases: tuple[str, str]

    def differences(self) -> list[Difference]:
        """Every row that differs; ConflictError where a content was erased or altered."""
        return differences(self.old.rows(), self.new.rows())


def read_compared(session: Session, access: CatalogueAccess, query: ComparisonQuery) -> Compared:
    """Read what is compared; by default the last version with the catalogue as it stands."""
    if approved_unread_by(session, blind_person(access), access.catalogue_id):
        raise ConflictError(READ_FIRST)
    signatures = repository.signatures_of(session, access.catalogue_id)
    number = last_number(signatures)
    if not number:
        raise ConflictError("Aucune version de ce catalogue n’a été signée : il n’y a rien à comparer.")
    query = query.model_copy(update={"de": query.de or str(number)})
    release = current_release(session)

    def side(word: str) -> tuple[KeptVersion | PresentRows, str]:
        if word == PRESENT:
            return PresentRows(session, access.catalogue_id), release.version if release else ""
        kept = KeptVersion(session, signatures, int(word))
        return kept, kept.release_version

    (old, old_release), (new, new_release) = side(query.de), side(query.a)
    return Compared(
        query, tuple(sorted({item.version for item in signatures}, reverse=True)), old, new, (old_release, new_release)
    )


def comparison_page(access: CatalogueAccess, compared: Compared) -> ComparisonPage:
    """The page; no transaction is open."""
    path, query = f"{path_of(access.catalogue_id)}/comparaison", compared.query
    every = compared.differences()
    counts = counts_of(narrowed(every, (), query.q))
    found = narrowed(every, _chosen(query), query.q)
    page = min(query.page, max(1, -(-len(found) // PAGE)))
    shown = found[(page - 1) * PAGE : page * PAGE]
    here = query.model_copy(update={"page": page})
    old, new = compared.releases
    said = f"Versions de LOINC : {release_title(old)}, puis {release_title(new)}." if old != new else ""
    return ComparisonPage(
        title=f"Comparer deux versions — {access.catalogue.name}",
        catalogue=access.catalogue,
        choices=[
            *(Choice(value=str(number), text=f"Version {number}") for number in compared.numbers),
            Choice(value=PRESENT, text="Le catalogue tel qu’il est maintenant"),
        ],
        old=query.de,
        new=query.a,
        old_title=_title(query.de),
        new_title=_title(query.a),
        release_sentence=said,
        text=query.q,
        natures=[
            NatureLink(
                text=text,
                count=counts[nature],
                url=query.changed(natures=_toggled(query.natures, word)).url(path),
                is_chosen=word in query.natures,
            )
            for nature, (word, text, _) in NATURES.items()
        ],
        all_url=query.changed(natures=()).url(path),
        lines=[_line(item) for item in shown],
        total=len(found),
        every=len(every),
        first=(page - 1) * PAGE + 1 if shown else 0,
        last=(page - 1) * PAGE + len(shown),
        previous_url=here.model_copy(update={"page": page - 1}).url(path) if page > 1 else "",
        next_url=here.model_copy(update={"page": page + 1}).url(path) if page * PAGE < len(found) else "",
        csv_url=query.changed().url(path, format="csv"),
        back_url=path_of(access.catalogue_id),
    )


def comparison_rows(compared: Compared) -> Iterator[Sequence[str]]:
    """The lines of the CSV: every row of the filter."""
    for item in narrowed(compared.differences(), _chosen(compared.query), compared.query.q):
        line = _line(item)
        changed = " ; ".join(f"{name} : « {before} » → « {after} »" for name, before, after in line.changed)
        yield line.nature, line.level, line.code, line.label, line.chapter, line.before, line.after, changed


def _chosen(query: ComparisonQuery) -> list[Nature]:
    return [_OF_WORD[word] for word in query.natures]


def _toggled(words: tuple[str, ...], word: str) -> tuple[str, ...]:
    return tuple(item for item in words if item != word) if word in words else (*words, word)


def _title(word: str) -> str:
    return "le catalogue tel qu’il est maintenant" if word == PRESENT else f"version {word}"


def _line(item: Difference) -> DifferenceLine:
    _, text, css = NATURES[item.nature]
    row = item.row
    return DifferenceLine(
        nature=text,
        css=css,
        level=LEVEL_NAMES[Level(row.level)],
        code=row.code,
        label=row.label,
        chapter=wording.chapter_title(row.chapter),
        before=wording.answer_of(item.before),
        after=wording.answer_of(item.after),
        changed=[
            (wording.FIELD_LABELS[name], _value(item.before, name), _value(item.after, name))
            for name in item.changed
            if name in wording.FIELD_LABELS
        ],
    )


def _value(row: CanonicalRow | None, name: str) -> str:
    if row is None:
        return ""
    value = getattr(row, name)
    if name == "approved_at":
        return paris_time(wording.moment_of(value)) if value else ""
    return one_line(wording.relation_word(value) if name == "relation" else value)
