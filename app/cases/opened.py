"""That a person had a case before her eyes: its page carries a word that nobody but this installation can write.

The word is a signature over who reads, the row, its version, the decision in force and every alert of it, with its
hour. It comes back with the approval and is compared with the row as it is then: one of another person, of another row
or of an older state is worth nothing. So an opened case is proved without a write for each page that is read.
"""

import hashlib
import hmac
import json
from datetime import timedelta

from sqlmodel import Session

from app.cases.looking import Looked, ToApprove, look_again
from app.models import utc_now
from app.platform.identity import CatalogueAccess
from app.second_factor.installation_key import installation_key
from app.settings import Settings
from app.transcoding import repository
from app.transcoding.facts import choice_in_force, derive_state
from app.transcoding.ledger import OpenRow
from app.transcoding.weighing import NOTHING_WEIGHED

LASTS = timedelta(hours=12)
"""For how long a page that stays open is worth an approval: a day of work."""
LONGEST = 100
"""Characters of the word, and more."""
_PURPOSE = b"opened case"


def token_of_case(session: Session, settings: Settings, access: CatalogueAccess, local_test_id: int) -> str:
    """The word for the page that shows this case to this person; empty where no decision is in force on the row."""
    test = repository.local_test(session, access.catalogue_id, local_test_id)
    facts = repository.facts_of(session, local_test_id) if test is not None else []
    choice = choice_in_force(facts)
    if test is None or choice is None:
        return ""
    read = ToApprove(OpenRow(access, test, facts, derive_state(facts)), choice)
    (looked,) = look_again(session, settings, access, [read], NOTHING_WEIGHED)
    return _written(settings, read, looked, int(utc_now().timestamp()))


def is_opened(settings: Settings, token: str, asked: ToApprove, looked: Looked) -> bool:
    """Whether this word was given to this person, less than `LASTS` ago, for the row exactly as it is now."""
    issued_at, _, _ = token.partition(".")
    if len(token) > LONGEST or not (issued_at.isascii() and issued_at.isdigit() and token.isascii()):
        return False
    age = utc_now().timestamp() - int(issued_at)
    # One of an hour to come was written by a clock that is not ours, and would last longer.
    is_of_today = -60 <= age <= LASTS.total_seconds()
    return is_of_today and hmac.compare_digest(token, _written(settings, asked, looked, int(issued_at)))


def _written(settings: Settings, read: ToApprove, looked: Looked, issued_at: int) -> str:
    row, alerts = read.row, sorted((alert.code, alert.sentence) for alert in looked.alerts)
    said = [issued_at, row.access.user_id, row.test.id, len(row.facts), read.choice.id, alerts]
    key = hmac.digest(installation_key(settings), _PURPOSE, hashlib.sha256)
    return f"{issued_at}.{hmac.new(key, json.dumps(said).encode(), hashlib.sha256).hexdigest()}"
