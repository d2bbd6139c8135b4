"""The page of the guide on the command line: `python -m app.commands_table` writes it to standard output."""

import sys
from collections.abc import Iterator

import typer
from typer._click import Command, Context
from typer.core import TyperGroup

from app.cli import cli
from app.console.exit_codes import MEANINGS
from app.console.french import PROGRAM, parameters_of, usage_pieces
from app.console.parameters import describe

INTRODUCTION = """\
# Ligne de commande

`transcodeur COMMANDE --help` redonne ce qui suit. Les [réglages](reglages.md) se donnent par variables d'environnement.

## Entrée et sortie standard

Là où une commande nomme un fichier à lire, `-` est l'entrée standard, une fois par commande ; là où elle en nomme un à
écrire, `-` est la sortie standard. Les octets passent tels quels, et les messages vont sur la sortie d'erreur. Ce qui
vient de l'entrée standard n'a pas de nom : le format se reconnaît au contenu, et `--nom` donne un nom au fichier.

```
zcat catalogue.csv.gz | transcodeur propose - -o - > propositions.csv
```

## Codes de sortie

| Code | Sens |
|---|---|
"""
CONCLUSION = """
Cette page est écrite par `make guide` à partir des commandes elles-mêmes.
"""


def documented(command: Command, context: Context) -> Iterator[tuple[Command, Context]]:
    """The commands below a group, each with the context that carries its full name."""
    if not isinstance(command, TyperGroup):
        yield command, context
        return
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        if inner is None:
            raise LookupError(f"the command {name} is listed, and does not exist")
        yield from documented(inner, Context(inner, info_name=name, parent=context))


def _section(command: Command, context: Context) -> Iterator[str]:
    path = context.command_path
    yield f"\n## `{path}`\n\n{command.help}\n\n"
    yield f"```\n{' '.join((path, *usage_pieces(command, context)))}\n```\n"
    rows = [describe(parameter) for parameter in parameters_of(command, context)]
    rows = [row for row in rows if row.names != "--help"]
    if rows:
        yield "\n| Argument ou option | Sens |\n|---|---|\n"
    for row in rows:
        heading = row.heading.replace("|", "\\|")
        notes = f" *({', '.join(row.notes)})*" if row.notes else ""
        yield f"| `{heading}` | {row.meaning.replace('|', '&#124;')}{notes} |\n"


def commands_table() -> str:
    """The whole page, in Markdown: the exit codes, then one section a command, in the order of `--help`."""
    root = typer.main.get_command(cli)
    codes = "".join(f"| {code:d} | {meaning} |\n" for code, meaning in MEANINGS.items())
    commands = documented(root, Context(root, info_name=PROGRAM))
    sections = "".join("".join(_section(command, context)) for command, context in commands)
    return INTRODUCTION + codes + sections + CONCLUSION


if __name__ == "__main__":
    sys.stdout.write(commands_table())
