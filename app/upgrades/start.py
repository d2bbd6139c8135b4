"""An installation that is ready to work: its tables, and the starter terminology in service."""

from sqlalchemy import Engine

from app.platform.database import make_engine, transaction
from app.platform.installation import make_data_dir, migrate
from app.settings import Settings
from app.upgrades.service import load_starter


def prepare(settings: Settings) -> Engine:
    """The engine of an installation that is ready to work; the first call builds everything."""
    make_data_dir(settings)
    engine = make_engine(settings.resolved_database_url)
    migrate(engine)
    with transaction(engine) as session:
        load_starter(session)
    return engine
