"""What the screens order, filter and count by, derived from the facts in the transaction that writes them.

Nothing here is a fact: `app.tallies` recomputes every line from the facts alone, and a test holds both equal.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from app.models.base import UtcDateTime


class WorklistEntry(SQLModel, table=True):
    """A row of a catalogue as the work lists filter and order it, and where it stands when it is counted."""

    __tablename__ = "worklist_entry"

    local_test_id: int = Field(foreign_key="local_test.id", primary_key=True)
    catalogue_id: int = Field(foreign_key="catalogue.id")
    position: int = 0
    level: str = Field(max_length=12)
    code: str = ""
    label_key: str = ""
    """The label without case or accents."""
    specimen: str = ""
    unit: str = ""
    chapter: str = ""
    subcontracted: str = Field(default="0", max_length=1)
    retired: str = Field(default="0", max_length=1)
    task: str = Field(default="0", max_length=1)
    """A decision to look at again since a new release."""
    volume: int = -1
    """-1 when it is not known."""
    status: str = Field(max_length=10)
    status_rank: int = 0
    outcome: str = Field(default="", max_length=15)
    loinc_num: str = Field(default="", max_length=10)
    comment: str = Field(default="0", max_length=1)
    flag: str = Field(default="0", max_length=1)
    author: str = Field(default="", max_length=20)
    best_loinc: str = Field(default="", max_length=10)
    band: str = Field(default="", max_length=12)
    confidence: float = 0.0
    contradiction: str = Field(default="", max_length=1)
    has_proposal: str = Field(default="0", max_length=1)
    nontest: str = Field(default="0", max_length=1)
    priority: float = 0.0
    """What the default order falls by: see `app.worklist.ordering`."""
    assignee: str = Field(default="", max_length=20)
    """Identifier of the person to whom the row is assigned."""
    margin: str = Field(default="", max_length=10)
    """How far the best proposal is ahead of the second (`app.worklist.ordering.Margin`)."""
    volume_band: str = Field(default="", max_length=10)
    """The yearly volume by steps (`app.worklist.ordering.VolumeBand`); empty when it is not known."""
    searched: str = ""
    """Code, label, synonym and LOINC codes without case or accents."""
    local_key: str = ""
    """What makes two rows the same test for the laboratory system (`app.transcoding.standing.local_key`)."""
    counted_chapter: str = ""
    """The chapter under which coverage counts the row."""
    standing: str = Field(default="", max_length=15)
    all_analyses: bool = False
    """An exam: whether its analyses in scope are all transcoded. Any other row: whether it is transcoded."""
    is_emptied: bool = False
    """An exam none of whose analyses is in scope: it leaves the denominator where exams count by their analyses."""
    lost_links: int = 0
    """An exam: how many of its analyses the catalogue does not hold."""
    leaves: str = Field(default="", max_length=15)
    """`coded`, or the reason why the row leaves without a code; empty when it is in no export."""
    blocking: int = 0
    """Errors that stop the import of the laboratory system."""
    warnings: int = 0
    producer: str = Field(default="", max_length=255)
    """Who made the French name that leaves with the code."""
    signature: str = ""
    """What other catalogues find an approved code by (`matcher.knowledge.signature`); empty for any other row."""
    group_key: str = Field(default="", max_length=32)
    """What the rows share that say the same on every axis (`app.tallies.computing.group_key`)."""
    name_mark: int = Field(default=0, sa_type=BigInteger)
    """Of a row with a code: equal where names say the same (`app.consistency.rules`); 0 for any other row."""
    twin_mark: int = Field(default=0, sa_type=BigInteger)
    """Of a row with a code: equal where label, specimen, unit, technique… all say the same."""
    opposed: str = Field(default="", max_length=5)
    """Of a row with a code: one letter for each family of words that exclude each other."""
    approved_by_id: int | None = None
    approved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CountFamily(StrEnum):
    """What is counted, with the list that is the key; statuses and levels are the stored words."""

    FACET = "facet"
    """[facet, value, status]: rows."""
    LEVEL = "level"
    """[level, status]: rows."""
    CHAPTER = "chapter"
    """[chapter, status]: analyses."""
    COVERAGE = "coverage"
    """[level, chapter, is sub-contracted, standing, all analyses, is emptied]: rows, those of known volume, and the
    volume."""
    VOLUME = "volume"
    """[level, is sub-contracted, own code, all analyses, is emptied, step of volume]: rows in scope of known volume,
    one rule or the other away from being transcoded."""
    APPROVER = "approver"
    """[person, has a code]: rows approved."""
    CODE = "code"
    """[LOINC code]: analyses transcoded with it."""
    LOST = "lost"
    """[]: `volume` is how many links of exams lead to no analysis."""
    LEAVES = "leaves"
    """[level, `coded` or a reason]: rows in the exports."""
    ISSUES = "issues"
    """[level]: `rows` blocking errors, `volume` warnings."""
    PRODUCER = "producer"
    """[producer]: French names that leave."""
    SIDE = "side"
    """[is sub-contracted, is retired]: analyses, those of known volume, and the volume."""
    FINDING = "finding"
    """[kind, is answered]: warnings of consistency."""


class CatalogueCount(SQLModel, table=True):
    """How many rows of a catalogue share something that a screen counts."""

    __tablename__ = "catalogue_count"

    catalogue_id: int = Field(foreign_key="catalogue.id", primary_key=True)
    family: str = Field(max_length=12, primary_key=True)
    """A CountFamily."""
    key: str = Field(primary_key=True)
    """What the rows share, as a JSON list."""
    rows: int = 0
    rows_with_volume: int = 0
    volume: int = Field(default=0, sa_type=BigInteger)
    """Of all these rows together: more than a number of 32 bits can hold."""


class CatalogueTally(SQLModel, table=True):
    """A catalogue that changed as a whole and whose entries are being brought up to its facts, some at a time.

    There is a line only as long as something remains to be done. Counts always add up the entries as they are.
    """

    __tablename__ = "catalogue_tally"

    catalogue_id: int = Field(foreign_key="catalogue.id", primary_key=True)
    is_about_figures: bool
    """Whether rows or a release changed, and not only the order that proposals give."""
    stage: int = 0
    """0: every row but exams; 1: exams, which count by their analyses; 2: the warnings of consistency."""
    reached: int = 0
    """The last row of this stage that is done: rows are taken in the order of their identifiers."""


class TallyRule(SQLModel, table=True):
    """By which rule the entries are computed, so that a rule that changed by itself is noticed. One line at most."""

    __tablename__ = "tally_rule"

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    leaves_out_deprecated: bool = False
    """The day until which retired codes count (`app.terminology.grace`) has passed."""


_ENTRY = WorklistEntry.__table__.c  # type: ignore[attr-defined]
_END = (_ENTRY.position, _ENTRY.local_test_id)

for _name in ("code", "label_key", "specimen", "unit", "best_loinc", "confidence", "status_rank", "volume", "priority"):
    Index(f"ix_worklist_entry_by_{_name}", _ENTRY.catalogue_id, _ENTRY[_name], *_END)
for _name in ("confidence", "status_rank", "volume", "priority"):
    # Downwards, rows of one value still follow the order of the file.
    Index(f"ix_worklist_entry_by_{_name}_down", _ENTRY.catalogue_id, _ENTRY[_name].desc(), *_END)
Index("ix_worklist_entry_by_position", _ENTRY.catalogue_id, *_END)
for _name in ("status", "level", "chapter", "author", "band", "assignee"):
    Index(f"ix_worklist_entry_of_{_name}", _ENTRY.catalogue_id, _ENTRY[_name], _ENTRY.priority.desc(), *_END)
Index("ix_worklist_entry_local_key", _ENTRY.catalogue_id, _ENTRY.local_key)
Index("ix_worklist_entry_loinc_num", _ENTRY.catalogue_id, _ENTRY.loinc_num, _ENTRY.level)
Index("ix_worklist_entry_counted_chapter", _ENTRY.catalogue_id, _ENTRY.counted_chapter, _ENTRY.level, *_END)
Index("ix_worklist_entry_standing", _ENTRY.catalogue_id, _ENTRY.standing, _ENTRY.level, *_END)
Index("ix_worklist_entry_leaves", _ENTRY.catalogue_id, _ENTRY.leaves, _ENTRY.level, *_END)
Index("ix_worklist_entry_blocking", _ENTRY.catalogue_id, _ENTRY.level, *_END,
      sqlite_where=_ENTRY.blocking > 0, postgresql_where=_ENTRY.blocking > 0)  # fmt: skip
Index("ix_worklist_entry_warnings", _ENTRY.catalogue_id, _ENTRY.level, *_END,
      sqlite_where=_ENTRY.warnings > 0, postgresql_where=_ENTRY.warnings > 0)  # fmt: skip
Index("ix_worklist_entry_emptied", _ENTRY.catalogue_id, *_END,
      sqlite_where=_ENTRY.is_emptied, postgresql_where=_ENTRY.is_emptied)  # fmt: skip
Index("ix_worklist_entry_signature", _ENTRY.signature,
      sqlite_where=_ENTRY.signature != "", postgresql_where=_ENTRY.signature != "")  # fmt: skip
Index("ix_worklist_entry_group", _ENTRY.catalogue_id, _ENTRY.group_key, _ENTRY.position)
Index("ix_worklist_entry_of_code", _ENTRY.catalogue_id, _ENTRY.level, _ENTRY.loinc_num, _ENTRY.name_mark,
      _ENTRY.opposed, _ENTRY.local_test_id, _ENTRY.volume,
      sqlite_where=_ENTRY.loinc_num != "", postgresql_where=_ENTRY.loinc_num != "")  # fmt: skip
Index("ix_worklist_entry_twins", _ENTRY.catalogue_id, _ENTRY.level, _ENTRY.twin_mark, _ENTRY.loinc_num, _ENTRY.volume,
      sqlite_where=_ENTRY.loinc_num != "", postgresql_where=_ENTRY.loinc_num != "")  # fmt: skip
Index("ix_worklist_entry_of_local_code", _ENTRY.catalogue_id, _ENTRY.level, _ENTRY.code, _ENTRY.loinc_num,
      _ENTRY.volume,
      sqlite_where=_ENTRY.loinc_num != "", postgresql_where=_ENTRY.loinc_num != "")  # fmt: skip
Index("ix_worklist_entry_approver", _ENTRY.catalogue_id, _ENTRY.approved_by_id, _ENTRY.approved_at)
Index("ix_catalogue_count_rows", CatalogueCount.__table__.c.catalogue_id, CatalogueCount.__table__.c.family,  # type: ignore[attr-defined]
      CatalogueCount.__table__.c.rows)  # type: ignore[attr-defined]  # fmt: skip
