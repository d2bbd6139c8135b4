"""The command line: `transcodeur`. Each room adds its own commands; these run the installation."""

import contextlib
import os
import signal
import socket
import sys
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.console.exit_codes import ExitCode
from app.console.failures import failure_sentence
from app.console.french import FrenchGroup, FrenchTyper, complain
from app.console.system_errors import system_reason
from app.errors import WorkbenchError
from app.jobs.stopping import StopRequest
from app.platform.logs import configure_logs
from app.settings import get_settings

if TYPE_CHECKING:
    from types import FrameType

    from typer._click import Command, Context

ROOMS = {
    "app.administration.cli": ("user", "laboratory"),
    "app.reimport.cli": ("import",),
    "app.proposals.cli": ("propose",),
    "app.coverage.cli": ("coverage",),
    "app.effective.cli": ("effective",),
    "app.exports.cli": ("export",),
    "app.claims.cli": ("evidence", "verify-pack"),
    "app.portability.cli": ("archive", "import-archive", "close-laboratory"),
    "app.upgrades.cli": ("load-loinc", "load-valueset"),
    "app.upkeep.cli": ("backup", "restore", "doctor"),
    "app.upkeep.audit_cli": ("verify-audit",),
    "app.upkeep.erasure_cli": ("erase",),
}
"""The commands of each room. A room is imported when one of its commands is asked for: `propose` must start quickly."""


SWITCH_SECONDS = 0.0005
"""How long a thread of the server computes before another has its turn. By default ten times as long: a decision, whose
thread hands over at each of its statements, waits that long thirty times while another thread reads a file."""


class RoomsGroup(FrenchGroup):
    """The commands below, and those of the rooms, imported at need."""

    def list_commands(self, ctx: "Context") -> list[str]:
        """All names, without importing any room."""
        borrowed = [name for names in ROOMS.values() for name in names]
        return [*(name for name in self.commands if name not in borrowed), *borrowed]

    def get_command(self, ctx: "Context", cmd_name: str) -> "Command | None":
        """The command of this name, or None; imports its room."""
        # Whatever any command writes is counted in the same transaction.
        import_module("app.tallies.keeping")
        if cmd_name == "coverage":
            # Its documents say which signed version they carry.
            import_module("app.versions.told")
        if cmd_name not in self.commands:
            for room, names in ROOMS.items():
                if cmd_name in names:
                    self.commands.update(commands_of(room))
        return super().get_command(ctx, cmd_name)


def commands_of(room: str) -> dict[str, Any]:
    """The commands that a room registers, by name."""
    collected = FrenchTyper()
    import_module(room).register(collected)
    return dict(typer.main.get_group(collected).commands)


cli = FrenchTyper(
    cls=RoomsGroup,
    name="transcodeur",
    help="Atelier de transcodage LOINC : du catalogue d'un laboratoire aux codes LOINC approuvés.",
    epilog="Les codes de sortie et toutes les options sont dans docs/guide/ligne-de-commande.md.",
)


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before saying that the application is open."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except (OSError, UnicodeError) as error:
        listener.close()
        if isinstance(error, UnicodeError):
            reason = "ce nom de machine n'est pas écrit correctement"
        elif isinstance(error, PermissionError):
            reason = "ce port est réservé à root"
        else:
            reason = system_reason(error)
        raise WorkbenchError(
            f"Le port {port} de l'adresse {host} ne peut être ouvert : {reason}. Choisissez-en un autre avec --port."
        ) from error
    return listener


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="Adresse d'écoute.", metavar="ADRESSE")] = "",
    port: Annotated[int | None, typer.Option(help="Port d'écoute.", min=0, max=65535)] = None,
    with_demo: Annotated[bool, typer.Option("--demo", help="Crée d'abord la démonstration.")] = False,
) -> None:
    """Ouvre l'application web ; le premier démarrage crée la base et charge la terminologie de départ."""
    import uvicorn

    from app.demonstration.service import accounts_notice, create_demonstration, prepare_demonstration
    from app.main import create_app
    from app.platform.apart import beside, let_jobs_read_beside
    from app.platform.in_use import in_service, only_server
    from app.platform.installation import make_data_dir, someone_exists
    from app.proposals.readiness import warm_up
    from app.upgrades.start import prepare

    settings = get_settings()
    configure_logs(settings.log_level)
    with (
        contextlib.ExitStack() as stack,
        _listen(host or settings.host, settings.port if port is None else port) as listener,
    ):
        make_data_dir(settings)
        stack.enter_context(in_service(settings.data_dir))
        if not stack.enter_context(only_server(settings.data_dir)):
            typer.echo("Un autre serveur travaille déjà sur ce dossier de données : les deux se partagent la base.")
            typer.echo("Si ce n'est pas voulu, arrêtez celui-ci (Ctrl+C), ou donnez-lui un autre TRANSCODEUR_DATA_DIR.")
        engine = prepare_demonstration(settings) if with_demo else prepare(settings)
        for sentence in create_demonstration(engine, settings) if with_demo else ():
            typer.echo(sentence)
        apart = beside(settings, engine)
        stack.callback(apart.close)
        let_jobs_read_beside(settings, settings.workers_in_server)
        application = create_app(settings, engine, apart)
        name, number = listener.getsockname()[:2]
        typer.echo(f"Atelier de transcodage LOINC : http://{f'[{name}]' if ':' in name else name}:{number}/")
        notice = accounts_notice(engine)
        if notice:
            typer.echo(notice)
        elif not someone_exists(engine):
            typer.echo("Aucun compte n'existe encore. Ouvrez le premier, dans un autre terminal :")
            typer.echo('  transcodeur user add --email vous@exemple.fr --name "Prénom Nom" --administrator')
        typer.echo("Ctrl+C pour arrêter.")
        sys.setswitchinterval(SWITCH_SECONDS)
        # Otherwise those who come first wait for it, and everybody with them.
        Thread(target=warm_up, args=(engine, settings), name="warm-up", daemon=True).start()
        # Logs and proxies are the application's own affair; uvicorn sends a signal again once it has shut down.
        config = uvicorn.Config(
            application,
            log_config=None,
            access_log=False,
            proxy_headers=False,
            timeout_graceful_shutdown=settings.shutdown_seconds,
        )
        signal.signal(signal.SIGTERM, signal.default_int_handler)

        class Server(uvicorn.Server):
            """A server that waits for no page that only watches a job."""

            def handle_exit(self, sig: int, frame: "FrameType | None") -> None:
                application.state.streams.close()
                super().handle_exit(sig, frame)

        with contextlib.suppress(KeyboardInterrupt):
            Server(config).run(sockets=[listener])
    typer.echo("L'atelier est fermé.")


def _work(niceness: int, stop: StopRequest) -> None:
    """Do background work in this process, on an installation that is ready, until it is told to stop."""
    import app.main  # noqa: F401 - importing the rooms registers their kinds of jobs
    from app.jobs.queue import JobQueue
    from app.platform.apart import let_jobs_read_beside
    from app.platform.database import make_engine

    settings = get_settings()
    configure_logs(settings.log_level)
    os.nice(niceness)
    let_jobs_read_beside(settings, workers=1)
    queue = JobQueue(settings, make_engine(settings.resolved_database_url))
    queue.start_consumer()
    stop.wait()
    queue.stop_consumer()


@cli.command()
def worker(
    processes: Annotated[int, typer.Option(help="Nombre de processus.", min=1, max=64)] = 1,
    niceness: Annotated[
        int | None,
        typer.Option("--nice", help="Politesse envers les autres processus (celle des réglages).", min=0, max=19),
    ] = None,
) -> None:
    """Exécute les travaux de fond hors du serveur web, sur autant de machines que voulu."""
    from app.jobs.processes import several
    from app.platform.in_use import in_service
    from app.platform.installation import make_data_dir
    from app.upgrades.start import prepare

    settings = get_settings()
    configure_logs(settings.log_level)
    make_data_dir(settings)
    politeness = settings.worker_niceness if niceness is None else niceness
    with in_service(settings.data_dir):
        # Once, before any of them begins.
        prepare(settings).dispose()
        stop = StopRequest()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        typer.echo("En attente de travaux. Ctrl+C pour arrêter.")
        if processes == 1:
            _work(politeness, stop)
        else:
            several(_work, politeness, processes, stop)


@cli.command()
def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Vérifie ensuite que la base et les modèles concordent.")
    ] = False,
    without_backup: Annotated[
        bool, typer.Option("--sans-sauvegarde", help="Ne copie pas d'abord la base : elle est sauvegardée autrement.")
    ] = False,
    recount: Annotated[
        bool, typer.Option("--recompter", help="Recalcule ensuite, d'après les faits, les comptes des pages.")
    ] = False,
    new: Annotated[str, typer.Option("--new", help="Écrit ensuite une migration de ce titre (développement).")] = "",
) -> None:
    """Met la base de données à la version de l'application, après en avoir gardé une copie dans `sauvegardes`."""
    from app.platform.backup_before import FOLDER
    from app.platform.database import make_engine
    from app.platform.installation import make_data_dir
    from app.platform.installation import migrate as run_migrations
    from app.platform.migrations import new_revision, pending_model_changes
    from app.tallies import keeping, rebuilding
    from app.text import counted

    settings = get_settings()
    make_data_dir(settings)
    engine = make_engine(settings.resolved_database_url)
    before, after = run_migrations(engine, settings.data_dir / FOLDER, with_backup=not without_backup)
    if before == after:
        typer.echo(f"La base est à jour (migration {after}).")
    else:
        typer.echo(f"La base est passée de la migration {before or 'aucune'} à {after}.")
    if rebuilding.bring_up_marked(engine):
        typer.echo("Les comptes que les pages emploient sont à jour.")
    if check:
        differences = pending_model_changes(engine)
        if differences:
            raise WorkbenchError(f"Il manque une migration : {differences}")
        typer.echo("La base et les modèles concordent.")
    if recount:
        count = keeping.recompute_all(engine)
        typer.echo(f"Comptes recalculés d'après les faits : {counted(count, 'catalogue', 'catalogues')}.")
    if new:
        new_revision(engine, new)


@cli.command()
def demo() -> None:
    """Crée le laboratoire de démonstration, ses comptes et son catalogue, une seule fois."""
    from app.demonstration.service import accounts_notice, create_demonstration, prepare_demonstration

    settings = get_settings()
    engine = prepare_demonstration(settings)
    for sentence in create_demonstration(engine, settings):
        typer.echo(sentence)
    typer.echo(accounts_notice(engine))


def main() -> None:
    """Run a command; what the user can mend is said in one French sentence, without a traceback."""
    configure_logs()
    # Databases, queues, caches and spools, in every process that this one starts.
    os.umask(0o077)
    try:
        cli()
    except Exception as error:
        sentence = failure_sentence(error, lambda: get_settings().resolved_database_url)
        if sentence is None:
            raise
        complain(sentence)
        sys.exit(ExitCode.REFUSED)


if __name__ == "__main__":
    main()
