"""Contexts of the pages of the catalogues."""

from dataclasses import dataclass, field
from datetime import datetime

from app.web.templating import PageContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A choice in a list."""

    value: str
    label: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftLine:
    """An import left in preparation."""

    id: int
    target: str
    file_names: list[str]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileLine:
    """A saved reading."""

    id: int
    name: str
    kind_label: str
    written: str
    headings: int
    saved_by: str
    saved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPage(PageContext):
    """Where files are given."""

    laboratory_id: int
    laboratory_name: str
    targets: list[Option]
    """Existing catalogues that may receive files."""
    catalogue_name: str
    suggested_name: str
    max_megabytes: int
    max_files: int
    drafts: list[DraftLine]
    profiles: list[ProfileLine]
    message: str = ""
    problems: list[str] = field(default_factory=list)
    asks_articles: bool = False
    """Numbers of 13 digits may be social security numbers or article numbers: the person says which."""
    are_articles: bool = False
    asks_names: bool = False
    """An administrator may say that what looks like names is none."""
    are_names_cleared: bool = False
    names_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnView:
    """A column of the preview."""

    index: int
    heading: str
    meaning: str
    """What an ANS file says in this column; empty when the user chooses."""
    options: list[Option]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """A row of the preview."""

    number: int
    cells: list[str]
    is_header: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClashView:
    """A code whose rows say different things."""

    code: str
    rows: str
    headings: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """A file of the preview."""

    id: int
    name: str
    size: int
    is_ignored: bool
    is_read: bool
    is_workbook: bool
    kind_label: str
    row_count: int
    kinds: list[Option]
    encodings: list[Option]
    delimiters: list[Option]
    quotes: list[Option]
    headers: list[Option]
    sheets: list[Option]
    columns: list[ColumnView]
    rows: list[RowView]
    remaining: int
    """Rows that the preview does not show."""
    must_map: bool
    problems: list[str]
    encoding_hint: str
    profiles: list[Option]
    applied_profile: str
    """Name of the saved reading that was applied, if any."""
    may_save: bool
    """Whether how this file is read may be saved."""
    suggested_profile: str
    may_take_units: bool
    takes_units: bool
    units_hint: str
    clashes: list[ClashView]
    """The first codes whose rows say different things."""
    odd_cells: str
    """How many cells a spreadsheet changed, in words; empty without any."""
    clash_count: int
    duplicates: list[Option]
    shared_codes: list[ClashView]
    """The first codes of rows that differ by their unit or specimen."""
    shared_count: int
    shared: list[Option]
    rows_in_the_way: int
    """Rows that alone keep the file from coming in, or that are left out."""
    leaves_rows: bool
    """What may become of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewPage(PageContext):
    """Where the user settles what the files are, and confirms."""

    laboratory_id: int
    laboratory_name: str
    draft_id: int
    target: str
    is_new_catalogue: bool
    files: list[FileView]
    outcome: str
    """What the import will write, or an empty text when it cannot be done."""
    warnings: list[str]
    problems: list[str]
    must_look_again: bool
    is_refused: bool
    """The person asked for the import, and it cannot be made; until then what is in its way is only said."""
    must_choose: bool
    """Codes that come again with something else: a person says what becomes of them."""
    is_update: bool
    """The files are newer exports: they are compared before anything is written."""


