"""What may change, and is told by facts all the same: words of a row, rights of a person. Nothing here writes."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Row, exists, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.audit.heads import chain_name
from app.audit.verification import Finding
from app.files.values import bare
from app.models import AuditEvent, Catalogue, Erasure, Level, LocalTest, Membership, SourceFile, SourceRow, User

ROWS_AT_ONCE = 1_000
WORDS = (
    "code", "label", "unit", "unit_code", "specimen", "specimen_code", "property_kind", "timing", "scale", "technique",
)  # fmt: skip
"""What a decision rests on, as the received row says it; other files may complete the rest."""
_ACCOUNT_EVENTS = (
    "user.create", "user.promote", "user.demote", "user.activate", "user.deactivate", "membership.change",
    "user.come_from_elsewhere", "laboratory.import_archive",
)  # fmt: skip


def changed_words(session: Session, names: Mapping[int, str]) -> Iterator[Finding]:
    """The analyses and exams that no longer say what their received row says, or whose row is of another catalogue."""
    asked = select(col(Erasure.row_id)).where(col(Erasure.table_name) == "source_row")
    erased = set(session.execute(asked).scalars())
    yield from _without_row(session, names)
    last = 0
    while True:
        statement = (
            select(col(LocalTest.id), *(col(getattr(LocalTest, name)) for name in WORDS),
                   col(LocalTest.catalogue_id), col(SourceRow.id).label("row_id"), col(SourceRow.cells),
                   col(SourceFile.columns).label("places"), col(SourceFile.catalogue_id).label("of_file"),
                   col(Catalogue.laboratory_id))
            .join(SourceRow, col(SourceRow.id) == col(LocalTest.source_row_id))
            .join(SourceFile, col(SourceFile.id) == col(SourceRow.source_file_id))
            .join(Catalogue, col(Catalogue.id) == col(LocalTest.catalogue_id))
            .where(col(LocalTest.id) > last, col(LocalTest.level).in_((Level.ANALYSIS, Level.EXAM)))
            .order_by(col(LocalTest.id))
            .limit(ROWS_AT_ONCE)
        )  # fmt: skip
        try:
            rows = session.execute(statement).all()
        except ValueError:
            # A row that cannot be read: the verification of the facts named it.
            return
        if not rows:
            return
        for row in rows:
            said = _difference(row) if row.row_id not in erased else ""
            if said:
                place = chain_name(row.laboratory_id, names)
                sentence = f"local_test n° {row.id} (catalogue n° {row.catalogue_id}, {place}) : {said}"
                yield Finding("forged_state", sentence, place, "local_test", row.id)
        last = rows[-1].id


def _without_row(session: Session, names: Mapping[int, str]) -> Iterator[Finding]:
    """The tests that point to no received row, in a catalogue whose tests do."""
    other = aliased(LocalTest)
    asked = (
        select(col(LocalTest.id), col(LocalTest.catalogue_id), col(Catalogue.laboratory_id))
        .join(Catalogue, col(Catalogue.id) == col(LocalTest.catalogue_id))
        .where(col(LocalTest.source_row_id).is_(None), col(LocalTest.level).in_((Level.ANALYSIS, Level.EXAM)))
        .where(exists().where(
            col(other.catalogue_id) == col(LocalTest.catalogue_id), col(other.source_row_id).is_not(None)
        ))
        .order_by(col(LocalTest.id))
    )
    for number, catalogue_id, laboratory_id in session.execute(asked):
        place = chain_name(laboratory_id, names)
        said = f"local_test n° {number} (catalogue n° {catalogue_id}, {place}) : il n’a plus de ligne reçue"
        yield Finding("forged_state", said, place, "local_test", number)


def _difference(row: Row[Any]) -> str:
    if row.of_file != row.catalogue_id:
        return "sa ligne reçue est d’un autre catalogue"
    differing = [name for name in WORDS if (said := _cell(row, name)) is not None and said != bare(getattr(row, name))]
    return f"il ne dit plus ce que dit sa ligne reçue ({', '.join(differing)})" if differing else ""


def _cell(row: Row[Any], name: str) -> str | None:
    """What the received row says of a field, as an import reads it; None when its file has no such column."""
    place = row.places.get(name, -1)
    return bare(str(row.cells[place])) if isinstance(place, int) and 0 <= place < len(row.cells) else None


def forged_rights(session: Session, names: Mapping[int, str]) -> Iterator[Finding]:
    """The accounts and roles that no event of the journal led to.

    An installation whose journal tells of no account has nothing to compare with.
    """
    rights = _Rights()
    events = select(
        col(AuditEvent.action), col(AuditEvent.object_id), col(AuditEvent.laboratory_id), col(AuditEvent.details)
    ).where(col(AuditEvent.action).in_(_ACCOUNT_EVENTS)).order_by(col(AuditEvent.id))  # fmt: skip
    for action, number, laboratory_id, details in session.execute(events):
        rights.hear(action, str(number), laboratory_id, details)
    for person, label in session.execute(_OTHER_NAMES):
        said = f"user_account n° {person} : le journal dit ses actes de « {label} »"
        yield Finding("forged_right", said, table="user_account", row=person)
    if not rights.tells_of_accounts:
        return
    accounts = select(col(User.id), col(User.email), col(User.is_administrator), col(User.is_active))
    for person, email, is_administrator, is_active in session.execute(accounts.order_by(col(User.id))):
        for what in rights.told_otherwise(str(person), email, bool(is_administrator), bool(is_active)):
            yield Finding("forged_right", f"user_account n° {person} : {what}", table="user_account", row=person)
    found: dict[tuple[str, int], str] = {}
    for person, laboratory_id, role in session.execute(
        select(col(Membership.user_id), col(Membership.laboratory_id), col(Membership.role))
    ):
        found[str(person), laboratory_id] = str(role)
    for key in sorted({*found, *rights.role}):
        told = rights.role.get(key, "")
        if told is not None and found.get(key, "") != told:
            place = chain_name(key[1], names)
            said = f"membership : le rôle du compte n° {key[0]} ({place}) n’est pas celui que dit le journal"
            yield Finding("forged_right", said, place, "membership")


_OTHER_NAMES = (
    select(col(User.id), col(AuditEvent.actor_label))
    .join(AuditEvent, col(AuditEvent.actor_id) == col(User.id))
    .where(col(AuditEvent.actor_label) != col(User.display_name))
    .distinct()
    .order_by(col(User.id), col(AuditEvent.actor_label))
)


class _Rights:
    """What the journal says of accounts, in the order of its events; None: an erased event no longer says."""

    def __init__(self) -> None:
        self.tells_of_accounts = False
        self.email: dict[str, str | None] = {}
        self.is_administrator: dict[str, bool | None] = {}
        self.is_active: dict[str, bool] = {}
        self.role: dict[tuple[str, int], str | None] = {}

    def hear(self, action: str, person: str, laboratory_id: int | None, details: Any) -> None:
        said = details if isinstance(details, dict) else {}
        if action == "user.create":
            self.tells_of_accounts = True
            self.email[person], self.is_administrator[person] = said.get("email"), said.get("is_administrator")
            self.is_active[person] = True
        elif action in ("user.promote", "user.demote"):
            self.is_administrator[person] = action == "user.promote"
        elif action in ("user.activate", "user.deactivate"):
            self.is_active[person] = action == "user.activate"
        elif action == "user.come_from_elsewhere":
            self.email[person], self.is_administrator[person] = said.get("email"), False
            self.is_active[person] = False
        elif action == "laboratory.import_archive":
            # The events that came with it tell the roles of there: nobody has one of them here.
            self.role = {key: role for key, role in self.role.items() if key[1] != laboratory_id}
        elif laboratory_id is not None:
            self.role[person, laboratory_id] = said.get("after")

    def told_otherwise(self, person: str, email: str, is_administrator: bool, is_active: bool) -> Iterator[str]:
        if person not in self.email:
            yield "aucun événement ne dit sa création"
            return
        if self.email[person] not in (None, email):
            yield "son adresse n’est pas celle de sa création"
        if self.is_administrator[person] not in (None, is_administrator):
            yield "son droit d’administrer n’est pas celui que dit le journal"
        if self.is_active[person] != is_active:
            yield "le journal ne dit pas qu’il soit " + ("ouvert" if is_active else "fermé")
