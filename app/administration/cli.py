"""Accounts, roles and laboratories on the command line."""

from typing import Annotated

import typer

import app.tokens.service  # noqa: F401 - the tokens of a person end with her rights
from app.accounts import repository, service
from app.console.french import FrenchTyper
from app.laboratories import repository as laboratory_repository
from app.laboratories import service as laboratories
from app.models import User
from app.platform.database import reading, transaction
from app.platform.installation import open_ready
from app.second_factor import service as second_factor
from app.settings import get_settings
from app.text import counted
from app.web.wording import ROLE_LABELS, parse_role, role_label

Email = Annotated[str, typer.Argument(help="Adresse électronique du compte.")]
PasswordInput = Annotated[
    bool, typer.Option("--mot-de-passe", help="Demande le mot de passe au lieu d'en tirer un au sort.")
]


def _ask_password(asked: bool) -> str:
    if not asked:
        return ""
    while True:
        # Not the confirmation of Typer, which speaks English when the two differ.
        first = str(typer.prompt("Mot de passe", hide_input=True))
        if typer.prompt("Une seconde fois", hide_input=True) == first:
            return first
        typer.echo("Les deux mots de passe diffèrent ; recommencez.", err=True)


def _say_password(user: User, password: str, asked: bool) -> None:
    if not asked:
        typer.echo(f"Mot de passe provisoire de {user.email} : {password}")
        hours = counted(get_settings().temporary_password_hours, "heure", "heures")
        typer.echo(f"Il devra être changé à la première connexion, dans les {hours}.")


def _register_users(user_cli: typer.Typer) -> None:
    @user_cli.command("add")
    def add(
        name: Annotated[
            str, typer.Option("--name", "--nom", help="Nom et prénom, tels qu'ils signeront les décisions.")
        ],
        email: Annotated[str, typer.Option("--email", help="Adresse électronique du compte.")],
        administrator: Annotated[
            bool,
            typer.Option(
                "--administrator", "--administrateur", help="Donne le droit d'administrer l'installation."
            ),
        ] = False,
        mot_de_passe: PasswordInput = False,
    ) -> None:
        """Ouvre un compte."""
        engine = open_ready(get_settings())
        given = _ask_password(mot_de_passe)
        with transaction(engine) as session:
            user, password = service.create_user(
                session,
                email=email,
                display_name=name,
                password=given,
                is_administrator=administrator,
                must_change_password=not given,
                hours=get_settings().temporary_password_hours,
            )
        typer.echo(f"Le compte {user.email} est ouvert.")
        _say_password(user, password, mot_de_passe)

    @user_cli.command("list")
    def list_() -> None:
        """Liste les comptes et leurs rôles."""
        with reading(open_ready(get_settings())) as session:
            for user in repository.list_users(session):
                assert user.id is not None
                marks = [] if user.is_active else ["désactivé"]
                marks += ["administrateur"] if user.is_administrator else []
                marks += [
                    f"{role_label(membership.role).lower()} à « {laboratory.name} »"
                    for membership, laboratory in repository.memberships_of(session, user.id)
                ]
                typer.echo(f"{user.email}\t{user.display_name}\t{', '.join(marks)}")

    @user_cli.command("password")
    def password(email: Email, mot_de_passe: PasswordInput = False) -> None:
        """Donne un nouveau mot de passe à un compte et ferme ses sessions."""
        engine = open_ready(get_settings())
        given = _ask_password(mot_de_passe)
        with transaction(engine) as session:
            user = service.get_user_by_email(session, email)
            new_password = service.reset_password(
                session, user, password=given, hours=get_settings().temporary_password_hours
            )
        typer.echo(f"Le mot de passe de {user.email} a été remplacé.")
        _say_password(user, new_password, mot_de_passe)

    @user_cli.command("second-factor")
    def second_factor_(email: Email) -> None:
        """Retire le second facteur d'un compte (téléphone ou clé perdus) et ferme ses sessions."""
        with transaction(open_ready(get_settings())) as session:
            user = service.get_user_by_email(session, email)
            second_factor.reset(session, user, actor=None)
        typer.echo(f"Le second facteur de {user.email} est retiré ; ses sessions sont fermées.")
        typer.echo("À sa prochaine connexion, par mot de passe, cette personne en met un autre en place.")

    @user_cli.command("role")
    def role(
        email: Email,
        laboratoire: Annotated[str, typer.Argument(help="Nom exact du laboratoire.")],
        role: Annotated[str, typer.Argument(help="transcodeur, biologiste, lecteur, ou aucun.")],
    ) -> None:
        """Donne, change ou retire (« aucun ») un rôle dans un laboratoire."""
        wanted = parse_role(role)
        if wanted is None and role.casefold() != "aucun":
            names = ", ".join(label.lower() for label in ROLE_LABELS.values())
            raise typer.BadParameter(f"Le rôle « {role} » est inconnu ; choisissez parmi {names}, aucun.")
        with transaction(open_ready(get_settings())) as session:
            user = service.get_user_by_email(session, email)
            laboratory = laboratories.get_laboratory_by_name(session, laboratoire)
            service.set_role(session, user, laboratory, wanted)
        said = role_label(wanted).lower() if wanted else "aucun rôle"
        typer.echo(f"{user.email} : {said} à « {laboratory.name} ».")

    @user_cli.command("state")
    def state(
        email: Email,
        actif: Annotated[bool, typer.Option("--actif/--inactif", help="Réactive ou désactive le compte.")],
    ) -> None:
        """Désactive ou réactive un compte."""
        with transaction(open_ready(get_settings())) as session:
            user = service.get_user_by_email(session, email)
            service.set_active(session, user, actif)
        typer.echo(f"Le compte {user.email} est {'actif' if actif else 'désactivé'}.")


def _register_laboratories(laboratory_cli: typer.Typer) -> None:
    @laboratory_cli.command("add")
    def add(
        nom: Annotated[str, typer.Argument(help="Nom du laboratoire.")],
        finess: Annotated[str, typer.Option(help="Numéro FINESS.")] = "",
        sgl: Annotated[str, typer.Option(help="Système de gestion du laboratoire.")] = "",
    ) -> None:
        """Crée un laboratoire."""
        with transaction(open_ready(get_settings())) as session:
            laboratory = laboratories.create_laboratory(session, name=nom, finess=finess, sgl_name=sgl)
        typer.echo(f"Le laboratoire « {laboratory.name} » est créé, sous le numéro {laboratory.id}.")

    @laboratory_cli.command("list")
    def list_() -> None:
        """Liste les laboratoires."""
        with reading(open_ready(get_settings())) as session:
            for laboratory in laboratory_repository.list_laboratories(session):
                typer.echo(f"{laboratory.id}\t{laboratory.name}\t{laboratory.finess}\t{laboratory.sgl_name}")


def register(cli: typer.Typer) -> None:
    """Add the commands `user` and `laboratory`."""
    user_cli = FrenchTyper(help="Comptes : ouvrir, lister, mot de passe, rôle.")
    _register_users(user_cli)
    cli.add_typer(user_cli, name="user")
    laboratory_cli = FrenchTyper(help="Laboratoires : créer, lister.")
    _register_laboratories(laboratory_cli)
    cli.add_typer(laboratory_cli, name="laboratory")
