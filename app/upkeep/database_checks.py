"""What is looked at in the database. Every check reads, none writes."""

from datetime import datetime, timedelta

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, func, select
from sqlmodel import Session, col

from app.coverage.days import wrong_days
from app.models import Job, JobStatus, LoincRelease, LoincTerm, LoincTermText, ReleaseStatus, public_identifiers
from app.models.append_only import APPEND_ONLY_TABLES, missing_triggers
from app.platform.database import make_engine
from app.platform.migrations import head_revision, known_revisions
from app.platform.postgresql import unordered_columns
from app.settings import Settings
from app.tallies import check, marks
from app.terminology import load_lock, repository
from app.terminology.search_index import SEARCH_TABLE, has_search_index
from app.terminology.service import current_release, doubt_of
from app.text import counted, format_number, french_day
from app.transcoding.under_way import is_rule_behind
from app.upkeep.health import Check

WAITS_TOO_LONG = timedelta(minutes=10)
RUNS_TOO_LONG = timedelta(hours=2)
TAKEN_OVER_WITHIN = timedelta(minutes=2)


def integrity(connection: Connection) -> Check:
    """Every page and every index of the embedded database."""
    verdict = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
    if verdict == "ok":
        return Check("intégrité", True, "toutes les pages et tous les index sont lisibles")
    return Check(
        "intégrité", False, "le fichier est abîmé ; restaurez une sauvegarde (transcodeur restore FICHIER --remplacer)"
    )


def references(connection: Connection) -> Check:
    """Rows that point to rows that do not exist."""
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if not orphans:
        return Check("liens entre tables", True, "aucun ne manque")
    tables = ", ".join(sorted({str(row[0]) for row in orphans}))
    return Check(
        "liens entre tables", False, f"{counted(len(orphans), 'ligne renvoie', 'lignes renvoient')} au vide ({tables})"
    )


def migrations(connection: Connection) -> Check:
    """Whether the tables are those of this version of the application."""
    present, latest = MigrationContext.configure(connection).get_current_revision(), head_revision()
    if present == latest:
        return Check("migrations", True, f"à jour ({latest})")
    if present is not None and present not in known_revisions():
        said = f"la base vient d'une version plus récente ({present}) que l'application ({latest}) ; installez celle-là"
        return Check("migrations", False, said)
    return Check(
        "migrations", False, f"la base en est à {present or 'aucune'}, l'application à {latest} ; transcodeur migrate"
    )


def tallies(session: Session) -> Check:
    """Whether what the screens order and count by says what the facts say."""
    if is_rule_behind(session):
        said = "d'avant la date limite des codes retirés de LOINC ; `serve` ou `worker`, en marche, les met à jour"
        return Check("comptes tenus", False, said)
    left = marks.marked(session)
    if left:
        said = f"inachevés (catalogue {', '.join(map(str, left))}) ; `serve` ou `worker`, en marche, les achève"
        return Check("comptes tenus", False, said)
    wrong = check.wrong_catalogues(session)
    if not wrong:
        return Check("comptes tenus", True, "égaux aux faits")
    told = "; ".join(f"catalogue {number} : {', '.join(items[:3])}" for number, items in wrong.items())
    said = f"ils diffèrent des faits ({told}) ; recalculez-les : transcodeur migrate --recompter"
    return Check("comptes tenus", False, said)


def coverage_days(session: Session) -> Check:
    """Whether the last past day kept of each catalogue says what the facts until then say."""
    wrong = wrong_days(session)
    if not wrong:
        return Check("jours de couverture", True, "égaux aux faits")
    told = ", ".join(f"catalogue {number} au {french_day(day)}" for number, day in wrong.items())
    said = f"ils diffèrent des faits ({told}) ; recalculez-les : transcodeur migrate --recompter"
    return Check("jours de couverture", False, said)


def append_only(connection: Connection) -> Check:
    """Whether the database itself still refuses to rewrite facts: each trigger, word for word."""
    return _protected(_unprotected(connection) + _changeable(connection))


def _unprotected(connection: Connection) -> list[str]:
    names = missing_triggers(connection)
    return [table for table in APPEND_ONLY_TABLES if any(name.startswith(f"tr_{table}_no_") for name in names)]


def _changeable(connection: Connection) -> list[str]:
    return [f"{table} (identifiants publics)" for table in public_identifiers.unprotected_tables(connection)]


def _protected(missing: list[str]) -> Check:
    if not missing:
        return Check(
            "faits protégés",
            True,
            f"{len(APPEND_ONLY_TABLES)} tables ne peuvent être récrites, "
            f"les identifiants publics de {len(public_identifiers.IDENTIFIED)} tables ne changent pas",
        )
    return Check("faits protégés", False, f"la protection manque ou a changé sur {', '.join(missing)}")


def server(connection: Connection) -> Check:
    """The version of the server, and whether its texts are in Unicode."""
    version = str(connection.exec_driver_sql("SHOW server_version").scalar_one())
    encoding = str(connection.exec_driver_sql("SHOW server_encoding").scalar_one())
    said = f"PostgreSQL {version.partition(' ')[0]}, textes en {encoding}"
    return Check("serveur", encoding == "UTF8", said if encoding == "UTF8" else f"{said} ; il faut UTF8")


def order_of_texts(connection: Connection) -> Check:
    """Whether texts are sorted and compared as on SQLite, byte by byte."""
    wrong = unordered_columns(connection)
    if not wrong:
        return Check("ordre des textes", True, "le même que celui de la base embarquée")
    tables = ", ".join(sorted({table for table, _, _ in wrong}))
    return Check("ordre des textes", False, f"propre au serveur dans {tables}")



def terminology(session: Session) -> Check:
    """Whether a release is in service, with all its terms."""
    release = current_release(session)
    if release is None:
        return Check("terminologie", False, "aucune version de LOINC n'est utilisée ; transcodeur load-loinc")
    terms = session.scalar(select(func.count()).where(col(LoincTerm.release_id) == release.id)) or 0
    said = f"LOINC {release.version}, {counted(terms, 'terme', 'termes')}"
    if terms != release.term_count or not terms:
        return Check("terminologie", False, f"{said} sur {format_number(release.term_count)} attendus ; rechargez-la")
    if doubt := doubt_of(None, release):
        # A site may hold a part of LOINC on purpose: it is said at every examination, and is no fault of the site.
        told = f"{said} ; attention, sa table est peut-être coupée : {doubt}. Comparez-la à l'archive"
        return Check("terminologie", True, told)
    return Check("terminologie", True, said)


def unfinished_releases(session: Session, settings: Settings) -> Check:
    """Loads that were killed; nobody sees what they left, and it takes room until it is removed."""
    unfinished = repository.unfinished_releases(session)
    # Whoever loads shows it beside the database, or on its server: the transaction of the session is not asked.
    engine = make_engine(settings.resolved_database_url)
    dead = [release for release in unfinished if not load_lock.is_alive(engine, release.loaded_by)]
    engine.dispose()
    if dead:
        names = ", ".join(f"« {release.source_name or release.version} »" for release in dead)
        said = f"{counted(len(dead), 'inachevé', 'inachevés')} ({names}), que personne ne voit ; relancez le chargement"
        return Check("chargements", False, f"{said}, ou redémarrez `serve` ou `worker`, qui en efface les restes")
    if unfinished:
        return Check("chargements", True, f"{len(unfinished)} en cours")
    return Check("chargements", True, "aucun n'est inachevé")


def _per_release(session: Session, model: type[LoincTerm] | type[LoincTermText]) -> dict[int, int]:
    """Release → number of rows."""
    column = col(model.release_id)
    return {row[0]: row[1] for row in session.execute(select(column, func.count()).group_by(column))}


def search_index(session: Session) -> Check:
    """Whether every term can be found: the words of each, and the full-text table over them."""
    terms, texts = _per_release(session, LoincTerm), _per_release(session, LoincTermText)
    ready = select(LoincRelease).where(col(LoincRelease.status) == ReleaseStatus.READY)
    incomplete = [
        release.version
        for release in session.scalars(ready).all()
        if terms.get(release.id or 0, 0) != texts.get(release.id or 0, 0)
    ]
    if incomplete:
        return Check("index de recherche", False, f"incomplet pour LOINC {', '.join(incomplete)} ; rechargez-la")
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        # The size of each indexed row: FTS5 keeps one line a row, and reading it writes nothing.
        indexed = connection.exec_driver_sql(f"SELECT count(*) FROM {SEARCH_TABLE}_docsize").scalar_one()
        if indexed != sum(texts.values()):
            said = f"{format_number(indexed)} termes indexés sur {format_number(sum(texts.values()))}"
            return Check("index de recherche", False, f"{said} ; rechargez la terminologie")
    elif not has_search_index(connection):
        return Check("index de recherche", False, "il manque ou n'est pas utilisable (REINDEX)")
    return Check("index de recherche", True, f"{counted(sum(texts.values()), 'terme', 'termes')} à trouver")


def queue(session: Session, now: datetime) -> Check:
    """Whether background work goes on: nothing waits or runs for too long."""
    jobs = session.scalars(select(Job).where(col(Job.status).in_((JobStatus.WAITING, JobStatus.RUNNING)))).all()
    late = sum(job.status == JobStatus.WAITING and now - job.created_at > WAITS_TOO_LONG for job in jobs)
    endless = sum(
        job.status == JobStatus.RUNNING and now - (job.started_at or job.created_at) > RUNS_TOO_LONG for job in jobs
    )
    # Whoever works says so every few seconds: nobody has this work, and nobody took it over.
    dropped = sum(
        job.status == JobStatus.RUNNING
        and job.lease_expires_at is not None
        and now - job.lease_expires_at > TAKEN_OVER_WITHIN
        for job in jobs
    )
    reasons = [
        f"{counted(dropped, 'travail commencé', 'travaux commencés')} que personne ne poursuit" if dropped else "",
        f"{counted(late, 'travail attend', 'travaux attendent')} depuis plus de 10 minutes" if late else "",
        f"{counted(endless, 'travail dure', 'travaux durent')} depuis plus de 2 heures" if endless else "",
    ]
    if late or endless or dropped:
        said = ", ".join(filter(None, reasons))
        look = "voyez si `serve` ou `worker` tourne, dans la version qui les a demandés"
        return Check("travaux de fond", False, f"{said} ; {look}")
    waiting = sum(job.status == JobStatus.WAITING for job in jobs)
    return Check("travaux de fond", True, f"{waiting} en attente, {len(jobs) - waiting} en cours")
