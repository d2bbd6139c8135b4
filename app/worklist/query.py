"""The ReviewQuery: one object for the address, the form, the links, the SQL and the export of the queue."""

from collections.abc import Collection, Iterable, Mapping
from typing import Self
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from starlette.datastructures import QueryParams

from app.errors import InvalidInputError
from app.worklist.facets import BY_KEY, FACETS
from matcher.normalise.text import fold

SORTS = {
    "priorite": "priority",
    "code": "code",
    "libelle": "label_key",
    "milieu": "specimen",
    "unite": "unit",
    "proposition": "best_loinc",
    "confiance": "confidence",
    "etat": "status_rank",
    "volume": "volume",
    "fichier": "position",
}
"""Word of the address -> column of the base query. A leading - sorts downwards."""
DEFAULT_SORT = "-priorite"
PAGE_SIZES = (50, 100, 200)
EXCEPT = "sauf-"
PLAIN = ("q", "tri", "page", "apres", "avant", "taille", "depuis")
"""The parameters of the address that are no facets."""
NOTHING_DONE = "Rien n'a été fait : reprenez la sélection."
MAX_ROW_ID = 2**63 - 1
FIRST_PAGE = {"page": 1, "apres": None, "avant": None, "depuis": None}
FacetWords = dict[str, tuple[str, ...]]
_PLACE = {facet.key: place for place, facet in enumerate(FACETS)}


class ReviewQuery(BaseModel):
    """What the queue shows: text, facets (kept or left out), order and page. Links are made from copies."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    q: str = Field(default="", max_length=200)
    only: FacetWords = Field(default_factory=dict)
    without: FacetWords = Field(default_factory=dict)
    tri: str = DEFAULT_SORT
    page: int = Field(default=1, ge=1, le=1_000_000)
    apres: int | None = Field(default=None, ge=1, le=MAX_ROW_ID)
    """The page begins after this row; its number is only shown."""
    avant: int | None = Field(default=None, ge=1, le=MAX_ROW_ID)
    """The page ends before this row."""
    depuis: str | None = Field(default=None, max_length=1_000)
    """The value by which that row was sorted when the page was made: somebody may have acted on it since."""
    taille: int = 100
    blind_to: int | None = None
    """The person from whom decisions of some rows are hidden (`app.worklist.blind_sql`); no address says it."""

    @field_validator("tri")
    @classmethod
    def _known_sort(cls, value: str) -> str:
        if value.removeprefix("-") not in SORTS:
            raise ValueError("ordre de tri inconnu")
        return value

    @field_validator("taille")
    @classmethod
    def _known_size(cls, value: int) -> int:
        if value not in PAGE_SIZES:
            raise ValueError("nombre de lignes inconnu")
        return value

    @field_validator("only", "without")
    @classmethod
    def _known_values(cls, values: FacetWords) -> FacetWords:
        for key, words in values.items():
            if key not in BY_KEY or not all(BY_KEY[key].knows(word) for word in words):
                raise ValueError(f"filtre inconnu : {key}")
            if any("\0" in word for word in words):
                raise ValueError(f"filtre illisible : {key}")
        return _spelled(values)

    @field_validator("q")
    @classmethod
    def _readable_text(cls, value: str) -> str:
        if "\0" in value:
            raise ValueError("texte illisible")
        return value

    @classmethod
    def of_an_act(cls, params: QueryParams, beside: Collection[str] = ()) -> Self:
        """Read the address of an act: what it does not understand, beside these parameters, would widen the act.

        Raises InvalidInputError for an unknown parameter, and for a text of which nothing can be searched.
        """
        query = cls.from_params(params)
        known = {*PLAIN, *BY_KEY, *(EXCEPT + key for key in BY_KEY), *beside}
        unknown = sorted(set(params) - known)
        if unknown:
            raise InvalidInputError(f"L'adresse contient un filtre inconnu : « {unknown[0][:40]} ». {NOTHING_DONE}")
        for text in params.getlist("q"):
            if text and not fold(text).split():
                raise InvalidInputError(f"Le texte « {text[:40]} » ne contient rien à chercher. {NOTHING_DONE}")
        return query

    @classmethod
    def from_params(cls, params: QueryParams) -> Self:
        """Read the address; parameters that belong to the page around the queue are left to it."""
        only: dict[str, tuple[str, ...]] = {}
        without: dict[str, tuple[str, ...]] = {}
        plain: dict[str, str] = {}
        for key, value in params.multi_items():
            target = without if key.startswith(EXCEPT) else only
            name = key.removeprefix(EXCEPT)
            if name in BY_KEY:
                target[name] = (*target.get(name, ()), value)
            elif key == "depuis":
                plain[key] = value
            elif key in PLAIN and value:
                plain[key] = value.strip()
        try:
            return cls.model_validate({**plain, "only": only, "without": without})
        except ValidationError as error:
            raise InvalidInputError("L'adresse contient un filtre ou un tri inconnu.") from error

    def params(self, **extra: str | int | None) -> list[tuple[str, str]]:
        """The parameters of the address, defaults left out, then `extra` (None is left out too)."""
        pairs = [("q", self.q)] if self.q else []
        for prefix, values in (("", self.only), (EXCEPT, self.without)):
            pairs.extend((prefix + key, word) for key, words in values.items() for word in words)
        if self.tri != DEFAULT_SORT:
            pairs.append(("tri", self.tri))
        if self.taille != 100:
            pairs.append(("taille", str(self.taille)))
        if self.page != 1:
            pairs.append(("page", str(self.page)))
        pairs.extend((name, str(row_id)) for name in ("apres", "avant") if (row_id := getattr(self, name)) is not None)
        if self.depuis is not None:
            pairs.append(("depuis", self.depuis))
        pairs.extend((key, str(value)) for key, value in extra.items() if value is not None)
        return pairs

    def url(self, path: str, **extra: str | int | None) -> str:
        """A link to this query."""
        pairs = self.params(**extra)
        return f"{path}?{urlencode(pairs)}" if pairs else path

    # ---- copies: what the links of the page lead to ----------------------------------------------------

    def seen_by(self, blind_to: int | None) -> Self:
        """As a person sees it from whom decisions of some rows are hidden; None for who sees them all."""
        return self.model_copy(update={"blind_to": blind_to})

    def with_page(self, page: int) -> Self:
        """Another page of the same rows."""
        return self.model_copy(update={"page": page, "apres": None, "avant": None, "depuis": None})

    def after(self, row_id: int, page: int, value: str | None = None) -> Self:
        """The page, of this number, that begins after a row, sorted by this value."""
        return self.model_copy(update={"page": page, "apres": row_id, "avant": None, "depuis": value})

    def before(self, row_id: int, page: int, value: str | None = None) -> Self:
        """The page, of this number, that ends before a row, sorted by this value."""
        return self.model_copy(update={"page": page, "apres": None, "avant": row_id, "depuis": value})

    def with_sort(self, word: str) -> Self:
        """Sorted by this column; a second time, the other way round."""
        return self._changed(tri=f"-{word}" if self.tri == word else word)

    def with_size(self, size: int) -> Self:
        """With so many rows a page."""
        return self._changed(taille=size)

    def with_text(self, text: str) -> Self:
        """With another text searched."""
        return self._changed(q=text)

    def toggled(self, key: str, word: str) -> Self:
        """This value kept, or no longer."""
        return self._with_facets(_toggle(self.only, key, word), _drop(self.without, key, word))

    def negated(self, key: str, word: str) -> Self:
        """This value left out, or no longer."""
        return self._with_facets(_drop(self.only, key, word), _toggle(self.without, key, word))

    def without_facet(self, key: str) -> Self:
        """Without this facet."""
        return self._with_facets(
            {name: words for name, words in self.only.items() if name != key},
            {name: words for name, words in self.without.items() if name != key},
        )

    def cleared(self) -> Self:
        """Without text nor facet, in the same order."""
        return self._changed(q="", only={}, without={})

    @property
    def is_filtered(self) -> bool:
        """Whether rows of the catalogue are left out."""
        return bool(self.q or self.only or self.without)

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return (self.page - 1) * self.taille

    def _changed(self, **update: object) -> Self:
        # Any change of the rows or of their order starts again at the first page.
        return type(self).model_validate({**self.model_dump(), **FIRST_PAGE, **update})

    def _with_facets(self, only: FacetWords, without: FacetWords) -> Self:
        # A page makes hundreds of such links, of words that it knows: each is not validated again.
        return self.model_copy(update={**FIRST_PAGE, "only": _spelled(only), "without": _spelled(without)})


def _spelled(values: FacetWords) -> FacetWords:
    """One spelling for one meaning: facets in their order, words sorted and once."""
    kept = sorted((key for key, words in values.items() if words), key=_PLACE.__getitem__)
    return {key: tuple(sorted(set(values[key]))) for key in kept}


def _toggle(values: FacetWords, key: str, word: str) -> FacetWords:
    words = values.get(key, ())
    changed = tuple(item for item in words if item != word) if word in words else (*words, word)
    return {**values, key: changed}


def _drop(values: FacetWords, key: str, word: str) -> FacetWords:
    return {**values, key: tuple(item for item in values.get(key, ()) if item != word)}


def stored_values(values: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """The same facets with the values that the database stores."""
    return {key: [BY_KEY[key].stored(word) for word in words] for key, words in values.items()}
