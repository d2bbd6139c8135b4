"""Settings, read from the environment with the prefix TRANSCODEUR_."""

from functools import lru_cache
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """What an installation may choose; the defaults are an embedded installation on one machine."""

    model_config = SettingsConfigDict(env_prefix="TRANSCODEUR_")

    data_dir: Path = PROJECT_ROOT / "var"
    """Where the embedded database, the job queue and the caches live."""
    database_url: str = ""
    """SQLAlchemy URL; empty means SQLite in `data_dir`."""
    host: str = "127.0.0.1"
    port: int = 8000
    secure_cookies: bool = False
    """True behind HTTPS: the session cookie then gets Secure and the __Host- prefix."""
    session_hours: int = 12
    session_idle_minutes: int = 120
    run_jobs_in_server: bool = True
    """False when separate workers run the jobs."""
    jobs_immediate: bool = False
    """True in tests: a job runs at once, in the thread of the write that asked for it."""
    max_upload_bytes: int = 20_000_000
    chapters_file_name: str = "LOINC_4_transcodage_chapitres_{date}.csv"
    """The regulation gives this file no name."""
    exams_file_name: str = "LOINC_5_transcodage_demandes_{date}.csv"
    results_file_name: str = "LOINC_6_transcodage_demandes_{date}.csv"
    """The regulation prints `demandes` for the result file; some readers expect `resultats`."""

    @property
    def resolved_database_url(self) -> str:
        """The database that is really used."""
        return self.database_url or f"sqlite:///{self.data_dir / 'transcodeur.sqlite3'}"

    @property
    def matcher_cache_dir(self) -> Path:
        """Where built matcher indexes are kept."""
        return self.data_dir / "cache"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process."""
    return Settings()


def resource_dir(name: str) -> Path:
    """The folder `templates`, `static` or `migrations`, in a checkout or in an installed wheel."""
    checkout = PROJECT_ROOT / name
    return checkout if checkout.is_dir() else Path(__file__).resolve().parent / "_resources" / name
