"""Names and addresses of accounts: they sign decisions, so nobody has one that looks like another's."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from app.accounts.links import invite
from app.accounts.names import checked_email, checked_name
from app.accounts.service import create_user, set_active, set_administrator
from app.errors import ConflictError, InvalidInputError
from app.models import User, utc_now
from app.platform.database import reading, transaction


@pytest.mark.parametrize("hidden", ["\u200b", "\u202e", "\u2066", "\ufeff", "\u00ad", "\u3164", "\x01"])
def test_what_nobody_sees_is_in_no_name_and_no_address(hidden: str) -> None:
    with pytest.raises(InvalidInputError):
        checked_name(f"Marie{hidden} Durand")
    with pytest.raises(InvalidInputError):
        checked_name(hidden)
    with pytest.raises(InvalidInputError):
        checked_email(f"marie{hidden}@labo.fr")


def test_ordinary_names_are_kept_on_one_line() -> None:
    assert checked_name("  Anne-Lise\n O’Brien\u00a0Müller ") == "Anne-Lise O’Brien Müller"
    assert checked_email(" Anne.Lise@Labo.FR ") == "anne.lise@labo.fr"


@pytest.mark.parametrize("way", ["demote", "deactivate"])
def test_an_administrator_who_cannot_sign_in_does_not_count(engine: Engine, way: str) -> None:
    with transaction(engine) as session:
        alone, _ = create_user(
            session, email="a@labo.fr", display_name="A", password="cheval correct pile agrafe", is_administrator=True,
            must_change_password=False,
        )  # fmt: skip
        late, _ = create_user(session, email="b@labo.fr", display_name="B", is_administrator=True)
        late.password_expires_at = utc_now() - timedelta(minutes=1)
        invited, _ = invite(
            session, email="c@labo.fr", display_name="C", is_administrator=True, hours=72, actor=alone
        )
    assert alone.id is not None
    assert late.id is not None
    assert invited.id is not None

    def leave(user_id: int) -> None:
        with transaction(engine) as session:
            user = session.get_one(User, user_id)
            if way == "demote":
                set_administrator(session, user, False)
            else:
                set_active(session, user, False)

    with pytest.raises(ConflictError, match="qui puisse se connecter"):
        leave(alone.id)
    leave(invited.id)
    leave(late.id)
    with reading(engine) as session:
        assert session.get_one(User, alone.id).is_administrator
