"""Loaded LOINC releases: their terms, replacements, panels, French names and what the search needs."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.models.base import UtcDateTime, utc_now
from app.models.public_identifiers import public_id_field


class ReleaseStatus(StrEnum):
    """A release is seen by nobody until all of it is there."""

    LOADING = "loading"
    READY = "ready"
    REMOVING = "removing"
    """Given up: its rows leave a few thousand at a time, and nobody adds any."""
    AWAITED = "awaited"
    """Named by an archive that came in, and not loaded: it has a hash and no term. Loading it fills this very line."""


class LoincRelease(SQLModel, table=True):
    """A LOINC release, or our starter subset of one. Several live side by side; one is current."""

    __tablename__ = "loinc_release"

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = public_id_field()
    version: str = Field(max_length=40)
    """Release number as LOINC prints it, e.g. 2.80."""
    kind: str = Field(max_length=20)
    """starter or official."""
    source_name: str = Field(default="", max_length=255)
    content_hash: str = Field(default="", max_length=64, index=True)
    """SHA-256 of the loaded files, so that loading the same release twice changes nothing."""
    terms_hash: str = Field(default="", max_length=64)
    """Of the stored laboratory terms; empty or a mark when it is to be computed (see `app.terminology.terms_hash`)."""
    term_count: int = 0
    doubt: str = Field(default="", max_length=255, sa_column_kwargs={"server_default": ""})
    """Why its table may be cut, in French, as the load found it; a person then says that it is whole."""
    is_current: bool = False
    status: str = Field(default=ReleaseStatus.READY, max_length=10)
    loaded_by: str = Field(default="", max_length=120, sa_column_kwargs={"server_default": ""})
    """`work#attempt`: the next attempt of a work removes what this one left behind."""
    loaded_at: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime)
    """While it is being loaded, the last sign of life."""


class LoincTerm(SQLModel, table=True):
    """A LOINC term. LOINC fields are stored unaltered; ours carry the prefix `fr_`."""

    __tablename__ = "loinc_term"
    __table_args__ = (
        UniqueConstraint("release_id", "loinc_num"),
        Index("ix_loinc_term_release_id_component", "release_id", "component"),
    )

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="loinc_release.id")
    loinc_num: str = Field(max_length=10, index=True)
    component: str = Field(max_length=255)
    property: str = Field(default="", max_length=30)
    time_aspct: str = Field(default="", max_length=15)
    system: str = Field(default="", max_length=100)
    scale_typ: str = Field(default="", max_length=30)
    method_typ: str = Field(default="", max_length=100)
    class_name: str = Field(default="", max_length=50)
    class_type: int = 1
    """1 laboratory, 2 clinical, 3 claims attachment, 4 survey."""
    status: str = Field(default="ACTIVE", max_length=15)
    order_obs: str = Field(default="", max_length=15)
    long_common_name: str = Field(default="", max_length=255)
    short_name: str = Field(default="", max_length=255)
    example_ucum_units: str = Field(default="", max_length=255)
    external_copyright_notice: str = Field(default="")
    common_test_rank: int = 0
    official_french_name: str = ""
    """From a loaded linguistic variant; never written by us."""
    french_producer: str = Field(default="", max_length=255)
    fr_label: str = Field(default="", max_length=255)
    """A label of our own lexicon, shown as ours."""
    fr_usage: int = 0
    """1 every French city laboratory, 2 common, 3 specialised, 0 not said."""


class MapTo(SQLModel, table=True):
    """A replacement that LOINC gives for a code; a deprecated code may have several, and a human chooses."""

    __tablename__ = "loinc_map_to"
    __table_args__ = (Index("ix_loinc_map_to_release_id_loinc_num", "release_id", "loinc_num"),)

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="loinc_release.id")
    loinc_num: str = Field(max_length=10)
    map_to: str = Field(max_length=10)
    comment: str = ""


class FrenchName(SQLModel, table=True):
    """What one linguistic variant of a release says of a term, unaltered; any field may be empty."""

    __tablename__ = "loinc_french_name"
    __table_args__ = (UniqueConstraint("release_id", "loinc_num", "variant"),)

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="loinc_release.id")
    loinc_num: str = Field(max_length=10)
    variant: str = Field(max_length=12)
    """Identifier of the variant: frFR18, frBE23, frCA8."""
    producer: str = Field(default="", max_length=255)
    component: str = ""
    property: str = ""
    time_aspct: str = ""
    system: str = ""
    scale_typ: str = ""
    method_typ: str = ""
    short_name: str = ""
    long_common_name: str = ""
    display_name: str = ""


class PanelMember(SQLModel, table=True):
    """A panel contains a term."""

    __tablename__ = "loinc_panel_member"
    __table_args__ = (Index("ix_loinc_panel_member_release_id_panel_num", "release_id", "panel_num"),)

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="loinc_release.id")
    panel_num: str = Field(max_length=10)
    loinc_num: str = Field(max_length=10)
    sequence: int = 0
    requirement: str = Field(default="", max_length=20)
    """R, O, C … as LOINC prints it."""


class LoincTermText(SQLModel, table=True):
    """The folded words of a term, for the full-text search; identifiers follow how usual the terms are."""

    __tablename__ = "loinc_term_text"

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="loinc_release.id", index=True)
    term_id: int = Field(foreign_key="loinc_term.id", index=True)
    words: str


class LoincAxisValue(SQLModel, table=True):
    """A value that an axis takes in a release and its number of laboratory terms: a choice of a filter."""

    __tablename__ = "loinc_axis_value"
    __table_args__ = (UniqueConstraint("release_id", "axis", "value"),)

    id: int | None = Field(default=None, primary_key=True)
    release_id: int = Field(foreign_key="loinc_release.id")
    axis: str = Field(max_length=20)
    value: str = Field(max_length=100)
    term_count: int = 0
