"""Typer in French: usage, help and mistakes. Every command of the project is made with `FrenchTyper`."""

import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

import typer
from typer._click import Command, Context, HelpFormatter
from typer._click.exceptions import BadOptionUsage, NoArgsIsHelpError, UsageError
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from app.console.exit_codes import ExitCode
from app.console.mistakes import mistake
from app.console.parameters import Parameter, describe
from app.console.streams import InputFile

Function = TypeVar("Function", bound=Callable[..., Any])
PROGRAM = "transcodeur"
USAGE = "Utilisation : "
OPTIONS, COMMAND = "[OPTIONS]", "COMMANDE…"
NO_BREAK_SPACE = "\u00a0"


def complain(message: str) -> None:
    """Say on the standard error why a command stops."""
    typer.echo(f"Erreur : {message}", err=True)


def parameters_of(command: Command, context: Context) -> list[Parameter]:
    """The visible arguments, then options of a command."""
    shown = [item for item in command.get_params(context) if isinstance(item, TyperArgument | TyperOption)]
    return sorted((item for item in shown if not item.hidden), key=lambda item: isinstance(item, TyperOption))


def usage_pieces(command: Command, context: Context) -> list[str]:
    """What follows the name of a command, as it is typed; what may be left out is in square brackets."""
    pieces = [OPTIONS]
    for parameter in parameters_of(command, context):
        if isinstance(parameter, TyperArgument):
            value = describe(parameter).value
            pieces.append(value if parameter.required else f"[{value}]")
    return [*pieces, COMMAND] if isinstance(command, TyperGroup) else pieces


def _write_help(command: Command, context: Context, formatter: HelpFormatter) -> None:
    command.format_usage(context, formatter)
    command.format_help_text(context, formatter)
    found = parameters_of(command, context)
    for title, kind in (("Arguments", TyperArgument), ("Options", TyperOption)):
        rows = [describe(item) for item in found if isinstance(item, kind)]
        if rows:
            with formatter.section(title + NO_BREAK_SPACE):
                formatter.write_dl([(row.heading, row.sentence) for row in rows])
    if isinstance(command, TyperGroup):
        names = command.list_commands(context)
        commands = [(name, command.get_command(context, name)) for name in names]
        with formatter.section("Commandes" + NO_BREAK_SPACE):
            formatter.write_dl([(name, item.help or "") for name, item in commands if item and not item.hidden])
    command.format_epilog(context, formatter)


def _french(option: TyperOption | None) -> TyperOption | None:
    if option is not None:
        option.help = "Affiche cette aide, sans rien faire d'autre."
    return option


def _check_rest(context: Context) -> None:
    """Refuse what no argument takes, and a standard input that would be read twice."""
    if context.args:
        context.fail(f"En trop : {' '.join(map(str, context.args))}.")
    values: list[Any] = []
    for value in context.params.values():
        values.extend(value if isinstance(value, list | tuple) else [value])
    if sum(isinstance(value, InputFile) and value.is_standard for value in values) > 1:
        context.fail("L'entrée standard (-) ne peut être lue qu'une fois.")


class FrenchCommand(TyperCommand):
    """A command whose usage, help and mistakes are in French."""

    allow_extra_args = True  # so that `_check_rest` refuses them, in French

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Parse, then refuse what is left."""
        try:
            rest = super().parse_args(ctx, args)
        except BadOptionUsage as error:
            # The parser does not say which command it was reading.
            error.ctx = error.ctx or ctx
            raise
        if not ctx.resilient_parsing:
            _check_rest(ctx)
        return rest

    def get_help_option(self, ctx: Context) -> TyperOption | None:
        """`--help`, explained in French."""
        return _french(super().get_help_option(ctx))

    def format_usage(self, ctx: Context, formatter: HelpFormatter) -> None:
        """The line that shows how the command is typed."""
        formatter.write_usage(ctx.command_path, " ".join(usage_pieces(self, ctx)), prefix=USAGE)

    def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
        """The whole help."""
        _write_help(self, ctx, formatter)


class FrenchGroup(TyperGroup):
    """A group of commands in French; the outermost one also says, in French, what is wrong and exits."""

    def get_help_option(self, ctx: Context) -> TyperOption | None:
        """`--help`, explained in French."""
        return _french(super().get_help_option(ctx))

    def format_usage(self, ctx: Context, formatter: HelpFormatter) -> None:
        """The line that shows how the group is typed."""
        formatter.write_usage(ctx.command_path, " ".join(usage_pieces(self, ctx)), prefix=USAGE)

    def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
        """The whole help, and the commands of the group."""
        _write_help(self, ctx, formatter)

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Parse; something must be left, which names a command."""
        rest = super().parse_args(ctx, args)
        if not ctx._protected_args and not ctx.resilient_parsing:
            ctx.fail("Il manque une commande.")
        return rest

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        """The command of this name; an unknown one is refused, with those that look like it."""
        name = args[0]
        command = self.get_command(ctx, name)
        if command is None:
            close = get_close_matches(name, self.list_commands(ctx))
            ending = f" Vouliez-vous dire {' ou '.join(close)} ?" if close else ""
            ctx.fail(f"La commande {name} n'existe pas.{ending}")
        return name, command, args[1:]

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run and exit with the code of the outcome; errors other than a wrong use are left to the caller."""
        try:
            status = super().main(args, prog_name or PROGRAM, complete_var, False, windows_expand_args, **extra)
        except NoArgsIsHelpError as error:
            typer.echo(error.ctx.get_help(), err=True)
            sys.exit(ExitCode.MISUSE)
        except UsageError as error:
            if error.ctx is not None:
                typer.echo(error.ctx.get_usage(), err=True)
                typer.echo(f"Pour l'aide : {error.ctx.command_path} --help", err=True)
            complain(mistake(error))
            sys.exit(ExitCode.MISUSE)
        except typer.Abort:
            complain("abandonné.")
            sys.exit(ExitCode.REFUSED)
        sys.exit(status if isinstance(status, int) else ExitCode.DONE)


class FrenchTyper(typer.Typer):
    """A Typer whose commands and groups are the French ones."""

    def __init__(self, *, cls: type[TyperGroup] = FrenchGroup, **options: Any) -> None:
        super().__init__(
            cls=cls,
            no_args_is_help=True,
            add_completion=False,
            pretty_exceptions_enable=False,
            rich_markup_mode=None,
            **options,
        )

    def command(  # type: ignore[override]
        self, name: str | None = None, *, cls: type[TyperCommand] = FrenchCommand, **options: Any
    ) -> Callable[[Function], Function]:
        """Add a command, as `typer.Typer.command` does."""
        return super().command(name, cls=cls, **options)
