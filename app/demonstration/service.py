"""The demonstration: a laboratory of ours with its accounts, its catalogue and its proposals."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

from sqlalchemy import Engine, inspect, update
from sqlmodel import Session, col, select

from app.accounts.service import create_user, set_role
from app.catalogues.service import import_files
from app.demonstration import story
from app.errors import ConflictError
from app.files.choices import IncomingFile
from app.laboratories.repository import find_by_name
from app.laboratories.service import create_laboratory
from app.models import Catalogue, Laboratory, Role, User, utc_now
from app.platform import locks
from app.platform.database import make_engine, reading, transaction
from app.proposals.jobs import run_proposals
from app.proposals.service import current_run
from app.settings import Settings
from app.upgrades.start import prepare
from app.web.wording import role_label
from loinc_data.tables import DATA_DIR

LABORATORY = "Laboratoire de démonstration"
CATALOGUE = "Catalogue de démonstration"
DOMAIN = "@demo.example"
PASSWORD = "Bilan-Clair-2026"  # noqa: S105 - printed at each start: it opens the demonstration only
ACCOUNTS: tuple[tuple[str, str, Role | None], ...] = (
    ("transcodeur", "Camille Transcodeur", Role.TRANSCODER),
    ("transcodrice", "Inès Transcodrice", Role.TRANSCODER),
    ("biologiste", "Dominique Biologiste", Role.BIOLOGIST),
    ("biologiste2", "Yacine Biologiste", Role.BIOLOGIST),
    ("lecteur", "Claude Lecteur", Role.READER),
    ("admin", "Alex Administrateur", None),
)
FILES = ("LOINC_1_*.csv", "LOINC_2_*.csv", "LOINC_3_*.csv", "donnees_annexes_*.csv")


def demonstration_files() -> list[Path]:
    """The catalogue files of the demonstration, in the order in which they are read."""
    return [path for pattern in FILES for path in sorted((DATA_DIR / "demo").glob(pattern))]


def prepare_demonstration(settings: Settings) -> Engine:
    """The engine of an installation for the demonstration; a new one is made as of the first day of its story."""
    with story.beginning(utc_now()) if _is_new(settings) else nullcontext():
        return prepare(settings)


def _is_new(settings: Settings) -> bool:
    """Whether the database holds nothing yet."""
    engine = make_engine(settings.resolved_database_url)
    try:
        file = engine.url.database
        if engine.dialect.name == "sqlite" and not (file and Path(file).exists()):
            return True
        return not inspect(engine).has_table(User.__tablename__)
    finally:
        engine.dispose()


def create_demonstration(engine: Engine, settings: Settings) -> Iterator[str]:
    """Create what is missing of the demonstration, step by step; yields what was done, in French."""
    now = utc_now()
    with story.beginning(now):
        with transaction(engine) as session:
            locks.lock_subject(session, locks.Subject.INSTALLATION)
            _refuse_real_database(session)
            laboratory, is_new = _laboratory_and_accounts(session)
        assert laboratory.id is not None
        if is_new:
            yield f"Le laboratoire « {LABORATORY} » et ses comptes sont créés."
        with transaction(engine) as session:
            locks.lock_laboratory(session, laboratory.id)
            catalogue_id = _find_catalogue(session, laboratory.id)
            if catalogue_id is None:
                files = [IncomingFile(path.name, path.read_bytes()) for path in demonstration_files()]
                report = import_files(session, laboratory.id, files, catalogue_name=CATALOGUE)
                catalogue_id = report.catalogue_id
                yield f"Le catalogue est importé : {report.analyses} analyses, {report.exams} examens."
    with reading(engine) as session:
        has_proposals = current_run(session, catalogue_id) is not None
    if not has_proposals:
        with story.beginning(now):
            run_proposals(engine, settings, catalogue_id)
        yield "Les propositions de codes LOINC sont calculées."
    with reading(engine) as session:
        is_untouched = story.is_untouched(session, catalogue_id)
    if is_untouched:
        decided, approved = story.tell(engine, settings, catalogue_id, now)
        yield f"Deux semaines de travail y sont faites : {decided} décisions, dont {approved} approuvées."


def _refuse_real_database(session: Session) -> None:
    real = select(User.email).where(~col(User.email).endswith(DOMAIN)).limit(1)
    if session.exec(real).first() is not None:
        raise ConflictError(
            "Cette base contient de vrais comptes : la démonstration, dont le mot de passe est public, "
            "ne s'y installe pas. Donnez-lui un dossier à elle par TRANSCODEUR_DATA_DIR."
        )


def _laboratory_and_accounts(session: Session) -> tuple[Laboratory, bool]:
    laboratory = find_by_name(session, LABORATORY)
    if laboratory is not None:
        # One made by a version that knew no second factor.
        session.execute(update(User).where(col(User.email).endswith(DOMAIN)).values(is_demonstration=True))
        return laboratory, False
    laboratory = create_laboratory(session, name=LABORATORY, sgl_name="SGL de démonstration")
    for name, display_name, role in ACCOUNTS:
        user, _ = create_user(
            session,
            email=name + DOMAIN,
            display_name=display_name,
            password=PASSWORD,
            is_administrator=role is None,
            must_change_password=False,
        )
        user.is_demonstration = True
        session.add(user)
        if role is not None:
            set_role(session, user, laboratory, role)
    return laboratory, True


def _find_catalogue(session: Session, laboratory_id: int) -> int | None:
    statement = select(Catalogue.id).where(
        Catalogue.laboratory_id == laboratory_id, Catalogue.name == CATALOGUE
    )
    return session.exec(statement).first()


def accounts_notice(engine: Engine) -> str:
    """The accounts of the demonstration, when this database holds them; empty in a real installation."""
    with reading(engine) as session:
        found = set(session.exec(select(User.email).where(col(User.email).endswith(DOMAIN))))
    lines = [
        f"  {name + DOMAIN:<28} {role_label(role) if role else 'Administrateur'}"
        for name, _, role in ACCOUNTS
        if name + DOMAIN in found
    ]
    if not lines:
        return ""
    return "\n".join([f"Comptes de démonstration, mot de passe « {PASSWORD} » :", *lines])
