"""How much of each discipline a laboratory reads twice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from app.audit.service import record
from app.double_reading import repository
from app.errors import ConflictError, InvalidInputError, NotAllowedError
from app.models import ReadingShare, Role
from app.platform import locks
from app.platform.identity import LaboratoryAccess
from app.text import share_text
from loinc_data.tables import load_disciplines
from matcher.disciplines import OTHER

GENERAL = ""
"""The key of the share of the disciplines that have none of their own."""
FROM_THE_START: Mapping[str, int] = {GENERAL: 5, "hematology": 20, "transfusion": 20}
"""What holds before the laboratory says anything: blood counts and blood groups, where an error harms most, more."""
LARGEST = 100


@dataclass(frozen=True, slots=True)
class Shares:
    """Percent of the decisions that are read twice."""

    own: Mapping[str, int | None] = field(default_factory=dict)
    """What the laboratory said, by discipline; None: nothing of its own."""

    def own_of(self, discipline: str) -> int | None:
        """The share of its own of a discipline (or of `GENERAL`), None when it has none."""
        return self.own[discipline] if discipline in self.own else FROM_THE_START.get(discipline)

    @property
    def general(self) -> int:
        """The share of the disciplines that have none of their own."""
        return self.own_of(GENERAL) or 0

    def of(self, discipline: str) -> int:
        """The share that holds in a discipline."""
        own = self.own_of(discipline)
        return self.general if own is None else own

    @property
    def largest(self) -> int:
        """The largest of them all."""
        return max(self.of(key) for key in {GENERAL, *FROM_THE_START, *self.own})


def discipline_names() -> dict[str, str]:
    """Key of each discipline -> its French name, in the order of the table."""
    return {key: name for key, name, _classes in load_disciplines()}


def discipline_name(key: str) -> str:
    """The French name of a discipline."""
    return discipline_names().get(key, "Autres disciplines" if key == OTHER else "Toutes les autres disciplines")


def shares_of(session: Session, laboratory_id: int) -> Shares:
    """What holds now in a laboratory, in one statement."""
    return Shares(repository.newest_shares(session, laboratory_id))


def may_set(access: LaboratoryAccess) -> bool:
    """Whether this person decides of the shares: a biologist of the laboratory, or a member who administers."""
    return access.role is Role.BIOLOGIST or access.user.is_administrator


def read_percents(form: Mapping[str, str]) -> dict[str, int | None]:
    """What a form says, by discipline; raises InvalidInputError. An empty field: no share of its own."""
    names = discipline_names()
    found: dict[str, int | None] = {}
    for key, text in form.items():
        discipline = GENERAL if key == "generale" else key
        if discipline != GENERAL and discipline not in names:
            raise InvalidInputError(f"La discipline « {key[:40]} » est inconnue.")
        name = names.get(discipline, "Part générale")
        written = text.strip().removesuffix("%").strip()
        if not written and discipline != GENERAL:
            found[discipline] = None
            continue
        if not (written.isascii() and written.isdigit()) or len(written) > 3 or int(written) > LARGEST:
            raise InvalidInputError(f"{name} : écrivez un nombre entier de 0 à {LARGEST}.")
        found[discipline] = int(written)
    return found


def set_shares(session: Session, access: LaboratoryAccess, wanted: Mapping[str, int | None], seen: int) -> int:
    """Say how much is read twice from now on; how many shares changed. What held before stays in the history.

    `seen` is the last change that the person saw: another one made since is shown to her first (ConflictError).
    """
    if not may_set(access):
        raise NotAllowedError("Un biologiste ou un administrateur du laboratoire en décide.")
    locks.lock_laboratory(session, access.laboratory_id)
    if repository.newest_share(session, access.laboratory_id) != seen:
        raise ConflictError(
            "Ces parts ont été changées entre-temps par quelqu’un d’autre. Rien n’a été enregistré : regardez-les "
            "telles qu’elles sont maintenant, puis choisissez de nouveau."
        )
    before = shares_of(session, access.laboratory_id)
    changed = {key: percent for key, percent in wanted.items() if before.own_of(key) != percent}
    if not changed:
        return 0
    values: dict[str, Any] = {"laboratory_id": access.laboratory_id, "author_id": access.user_id}
    for key, percent in changed.items():
        session.add(ReadingShare(discipline=key, percent=percent, **values))
        session.flush()
    record(
        session,
        "double_reading.set_shares",
        actor=access.user,
        object_type="laboratory",
        object_id=access.laboratory_id,
        laboratory_id=access.laboratory_id,
        before=[in_words(key, before.own_of(key)) for key in changed],
        after=[in_words(key, percent) for key, percent in changed.items()],
    )
    return len(changed)


def in_words(discipline: str, percent: int | None) -> str:
    """A share as it is read: `Hémostase : 20 %`."""
    name = "Part générale" if discipline == GENERAL else discipline_name(discipline)
    return f"{name} : {'comme la part générale' if percent is None else share_text(percent, 100, 0)}"
