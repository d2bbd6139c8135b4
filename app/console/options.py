"""Arguments and options that several commands have."""

from typing import Annotated

import typer

from app.console.parameters import MAX_ID
from app.console.streams import InputFile, OutputFile
from app.files.encodings import ENCODINGS

CatalogueId = Annotated[
    int, typer.Option("--catalogue", min=1, max=MAX_ID, metavar="NUMÉRO", help="Numéro du catalogue.")
]
Output = Annotated[
    OutputFile,
    typer.Option("-o", "--output", parser=OutputFile, help="Fichier à écrire ; - est la sortie standard."),
]
StandardInputName = Annotated[
    str, typer.Option("--nom", help="Nom à donner à l'entrée standard ; sinon, il est tiré de son contenu.")
]

Encoding = Annotated[str, typer.Option("--encodage", help=f"Encodage imposé : {', '.join(ENCODINGS)}.")]
SheetName = Annotated[str, typer.Option("--feuille", help="Feuille à lire dans chaque classeur.")]


def file_argument(help: str, metavar: str = "FICHIER") -> typer.models.ArgumentInfo:
    """An argument that names a file to read; `-` is the standard input."""
    found: typer.models.ArgumentInfo = typer.Argument(parser=InputFile, metavar=metavar, help=_with_dash(help))
    return found


def file_option(*names: str, help: str, metavar: str = "FICHIER") -> typer.models.OptionInfo:
    """An option that names a file to read; `-` is the standard input."""
    found: typer.models.OptionInfo = typer.Option(*names, parser=InputFile, metavar=metavar, help=_with_dash(help))
    return found


def _with_dash(help: str) -> str:
    return f"{help.rstrip('.')} ; - est l'entrée standard."
