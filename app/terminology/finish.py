"""The one place where a release becomes ready to be used, whoever loaded it."""

from sqlmodel import Session

from app.errors import TakenOverError
from app.models import LoincRelease, ReleaseStatus, utc_now


class LoadTakenOverError(TakenOverError):
    """The load was taken for dead: its rows were removed, or are being removed, by another attempt."""

    def __init__(self) -> None:
        super().__init__("Ce chargement a été repris par un autre : celui-ci s'arrête, rien n'est perdu.")


def finish_load(
    session: Session, release_id: int, *, version: str, term_count: int, terms_hash: str, loaded_by: str = ""
) -> LoincRelease:
    """Make a release that is wholly stored visible, in the transaction of the session.

    Raises LoadTakenOverError when it is no longer being loaded by the attempt `loaded_by`.
    """
    release = session.get(LoincRelease, release_id, with_for_update=True, populate_existing=True)
    if release is None or release.status != ReleaseStatus.LOADING or release.loaded_by != loaded_by:
        raise LoadTakenOverError
    release.version = version[:40]
    release.term_count = term_count
    release.terms_hash = terms_hash
    release.status = ReleaseStatus.READY
    release.loaded_at = utc_now()
    session.add(release)
    session.flush()
    return release
