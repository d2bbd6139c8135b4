"""An installation that is ready to work: its tables, and the starter terminology in service."""

from sqlalchemy import Engine

from app.platform.backup_before import FOLDER
from app.platform.database import make_engine, transaction
from app.platform.installation import make_data_dir, migrate
from app.platform.integrity import refuse_damaged
from app.settings import Settings
from app.upgrades.service import load_starter, remove_unfinished


def prepare(settings: Settings) -> Engine:
    """The engine of an installation that is ready to work; the first call builds everything.

    What a load of a release left behind when it was killed is removed. Raises DamagedDatabaseError when the embedded
    database is damaged.
    """
    make_data_dir(settings)
    engine = make_engine(settings.resolved_database_url)
    refuse_damaged(engine)
    migrate(engine, settings.data_dir / FOLDER)
    with transaction(engine) as session:
        load_starter(session)
    remove_unfinished(engine)
    return engine
