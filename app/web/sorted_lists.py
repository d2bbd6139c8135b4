"""Lists of a page that sort and turn their pages by their address: the parts that all of them share."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from starlette.datastructures import QueryParams

from app.errors import InvalidInputError

UNKNOWN = "L’adresse contient un filtre ou un tri inconnu."


class SortedQuery(BaseModel):
    """What the address of a list asks for; a list that filters adds its fields, `filters_of` and `filter_pairs`."""

    model_config = ConfigDict(frozen=True)

    orders: ClassVar[Collection[str]] = ()
    """Words by which the list sorts; with a hyphen before, the other way round."""
    default_order: ClassVar[str] = ""

    tri: str = ""
    page: int = Field(default=1, ge=1, le=100_000)

    @field_validator("tri")
    @classmethod
    def _known_order(cls, word: str) -> str:
        if word.removeprefix("-") not in cls.orders:
            raise ValueError("tri inconnu")
        return word

    @classmethod
    def filters_of(cls, params: QueryParams) -> dict[str, Any]:
        """The filters of an address, by the names of their fields."""
        return {}

    def filter_pairs(self) -> Iterable[tuple[str, str]]:
        """The filters as the address writes them, those of the plain list left out."""
        return ()

    @classmethod
    def from_params(cls, params: QueryParams) -> Self:
        """Read the address; InvalidInputError when it is no address of this list."""
        try:
            return cls(
                **cls.filters_of(params),
                tri=params.get("tri") or cls.default_order,
                page=int(params.get("page") or 1),
            )
        except (ValidationError, ValueError) as error:
            raise InvalidInputError(UNKNOWN) from error

    def url(self, path: str, **extra: str) -> str:
        """A link to this list."""
        pairs = list(self.filter_pairs())
        pairs += [("tri", self.tri)] if self.tri != self.default_order else []
        pairs += [("page", str(self.page))] if self.page > 1 else []
        pairs += list(extra.items())
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def changed(self, **update: object) -> Self:
        """A copy at its first page."""
        return self.model_copy(update={"page": 1, **update})


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadCell:
    """A heading, which may sort."""

    title: str
    url: str
    aria_sort: str
    css: str


def head_cells(
    columns: Iterable[tuple[str, str, str]], tri: str, url_of: Callable[[str], str]
) -> list[HeadCell]:
    """The headings of a list sorted by `tri`.

    `columns`: word of its order, empty for one that does not sort; title; class of its cells, `num` for numbers.
    `url_of`: the address of the list in an order.
    """
    shown = []
    for word, title, css in columns:
        order = {word: "ascending", f"-{word}": "descending"}.get(tri, "none") if word else ""
        turned = f"-{word}" if tri == word else word
        # Numbers are looked at from the highest on.
        turned = word if tri == f"-{word}" else f"-{word}" if css == "num" else turned
        shown.append(HeadCell(title=title, url=url_of(turned) if word else "", aria_sort=order, css=css))
    return shown


def toggled(words: tuple[str, ...], word: str) -> tuple[str, ...]:
    """A filter with this word added, or taken out."""
    return tuple(item for item in words if item != word) if word in words else (*words, word)
