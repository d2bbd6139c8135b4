"""The command line: `transcodeur`. Each room adds its own commands; these run the installation."""

import contextlib
import errno
import signal
import socket
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from sqlalchemy.exc import OperationalError

from app.errors import WorkbenchError
from app.platform.logs import configure_logs
from app.settings import Settings, get_settings

SLICES = (
    "app.administration.cli",
    "app.reimport.cli",
    "app.proposals.cli",
    "app.coverage.cli",
    "app.exports.cli",
    "app.upgrades.cli",
)

cli = typer.Typer(
    name="transcodeur",
    help="Atelier de transcodage LOINC : du catalogue d'un laboratoire aux codes LOINC approuvés.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _slice in SLICES:
    import_module(_slice).register(cli)


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before saying that the application is open."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        reasons = {
            errno.EADDRINUSE: "un autre programme l'occupe déjà",
            errno.EACCES: "ce port est réservé à root",
            errno.EADDRNOTAVAIL: "cette machine n'a pas cette adresse",
        }
        reason = reasons.get(error.errno or 0, error.strerror or str(error))
        raise WorkbenchError(
            f"Le port {port} de l'adresse {host} ne peut être ouvert : {reason}. Choisissez-en un autre avec --port."
        ) from error
    return listener


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="Adresse d'écoute.")] = "",
    port: Annotated[int, typer.Option(help="Port d'écoute.", min=-1, max=65535, show_default=False)] = -1,
    with_demo: Annotated[bool, typer.Option("--demo", help="Crée d'abord la démonstration.")] = False,
) -> None:
    """Ouvre l'application web ; le premier démarrage crée la base et charge la terminologie de départ."""
    from app.demonstration.service import accounts_notice, create_demonstration
    from app.main import create_app
    from app.platform.installation import someone_exists
    from app.upgrades.start import prepare

    settings = get_settings()
    configure_logs(settings.log_level)
    with _listen(host or settings.host, settings.port if port < 0 else port) as listener:
        engine = prepare(settings)
        for sentence in create_demonstration(engine, settings) if with_demo else ():
            typer.echo(sentence)
        application = create_app(settings, engine)
        name, number = listener.getsockname()[:2]
        typer.echo(f"Atelier de transcodage LOINC : http://{f'[{name}]' if ':' in name else name}:{number}/")
        notice = accounts_notice(engine)
        if notice:
            typer.echo(notice)
        elif not someone_exists(engine):
            typer.echo("Aucun compte n'existe encore. Ouvrez le premier, dans un autre terminal :")
            typer.echo('  transcodeur user add --email vous@exemple.fr --name "Prénom Nom" --administrator')
        typer.echo("Ctrl+C pour arrêter.")
        # Logs and proxies are the application's own affair; uvicorn sends a signal again once it has shut down.
        config = uvicorn.Config(
            application,
            log_config=None,
            access_log=False,
            proxy_headers=False,
            timeout_graceful_shutdown=settings.shutdown_seconds,
        )
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])
    typer.echo("L'atelier est fermé.")


@cli.command()
def worker() -> None:
    """Exécute les travaux de fond hors du serveur web (TRANSCODEUR_RUN_JOBS_IN_SERVER=false)."""
    import app.main  # noqa: F401 - importing the rooms registers their kinds of jobs
    from app.jobs.queue import JobQueue
    from app.upgrades.start import prepare

    settings = get_settings()
    configure_logs(settings.log_level)
    queue = JobQueue(settings, prepare(settings))
    if not queue.start_consumer():
        raise WorkbenchError(
            "Un autre processus exécute déjà les travaux de cette installation. Pour le remplacer, "
            "arrêtez-le ou démarrez le serveur avec TRANSCODEUR_RUN_JOBS_IN_SERVER=false."
        )
    typer.echo("En attente de travaux. Ctrl+C pour arrêter.")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
    queue.stop_consumer()


@cli.command()
def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Vérifie ensuite que la base et les modèles concordent.")
    ] = False,
    new: Annotated[str, typer.Option("--new", help="Écrit ensuite une migration de ce titre (développement).")] = "",
) -> None:
    """Met la base de données à la version de l'application."""
    from app.platform.database import make_engine
    from app.platform.installation import make_data_dir
    from app.platform.installation import migrate as run_migrations
    from app.platform.migrations import new_revision, pending_model_changes

    settings = get_settings()
    make_data_dir(settings)
    engine = make_engine(settings.resolved_database_url)
    before, after = run_migrations(engine)
    if before == after:
        typer.echo(f"La base est à jour (migration {after}).")
    else:
        typer.echo(f"La base est passée de la migration {before or 'aucune'} à {after}.")
    if check:
        differences = pending_model_changes(engine)
        if differences:
            raise WorkbenchError(f"Il manque une migration : {differences}")
        typer.echo("La base et les modèles concordent.")
    if new:
        new_revision(engine, new)


@cli.command()
def demo() -> None:
    """Crée le laboratoire de démonstration, ses comptes et son catalogue, une seule fois."""
    from app.demonstration.service import accounts_notice, create_demonstration
    from app.upgrades.start import prepare

    settings = get_settings()
    engine = prepare(settings)
    for sentence in create_demonstration(engine, settings):
        typer.echo(sentence)
    typer.echo(accounts_notice(engine))


@cli.command()
def backup(
    fichier: Annotated[Path, typer.Argument(help="Fichier à créer.")],
) -> None:
    """Sauvegarde la base embarquée dans un fichier, pendant qu'elle sert."""
    from app.platform.installation import backup as copy_database

    size = copy_database(get_settings(), fichier)
    typer.echo(f"Sauvegarde écrite dans « {fichier} » ({size / 1_000_000:.1f} Mo).".replace(".", ",", 1))


def _complain(message: str) -> None:
    typer.echo(f"Erreur : {message}", err=True)


def main() -> None:
    """Run a command; what the user can mend is said in one French sentence, without a traceback."""
    configure_logs()
    try:
        cli()
    except WorkbenchError as error:
        _complain(error.message)
        sys.exit(1)
    except OperationalError as error:
        settings: Settings = get_settings()
        _complain(f"la base de données « {settings.resolved_database_url} » ne répond pas : {error.orig}")
        sys.exit(1)
    except OSError as error:
        _complain(f"{error.strerror or error} ({error.filename})" if error.filename else str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
