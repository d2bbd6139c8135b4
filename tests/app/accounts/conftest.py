"""A person who can really sign in."""

import pytest
from sqlalchemy import Engine

from app.accounts.service import create_user
from app.models import User
from app.platform.database import transaction
from tests.app.accounts.people import EMAIL, PASSWORD


@pytest.fixture
def marie(engine: Engine) -> User:
    with transaction(engine) as session:
        user, _ = create_user(
            session,
            email=EMAIL,
            display_name="Marie Durand",
            password=PASSWORD,
            must_change_password=False,
        )
    return user
