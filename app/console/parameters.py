"""An argument or option of a command as a French reader sees it: for `--help` and for the guide alike."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.core import TyperArgument, TyperOption

from app.console.streams import InputFile, OutputFile

Parameter = TyperArgument | TyperOption
MAX_ID = 2**63 - 1
"""The largest identifier that a database stores."""
TYPE_NAMES: dict[Any, str] = {int: "NOMBRE", str: "TEXTE", Path: "CHEMIN", InputFile: "FICHIER", OutputFile: "FICHIER"}


@dataclass(frozen=True, slots=True)
class Described:
    """What is said of a parameter."""

    names: str
    """`-o, --output`, `--actif / --inactif`; empty for an argument."""
    value: str
    """What takes its place: `FICHIER`, `json|xml`; empty for a flag."""
    meaning: str
    notes: tuple[str, ...]
    """`obligatoire`, `de 1 à 50`, `par défaut : 10`."""

    @property
    def heading(self) -> str:
        """The names and the value, as typed."""
        return " ".join(part for part in (self.names, self.value) if part)

    @property
    def sentence(self) -> str:
        """The meaning, then the notes in brackets."""
        return f"{self.meaning} [{' ; '.join(self.notes)}]" if self.notes else self.meaning


def choices_of(parameter: Parameter) -> list[str]:
    """The values that a parameter may take, when they are a closed list."""
    described = parameter.type_descriptor
    return [str(getattr(item, "value", item)) for item in described.choices or ()] if described.is_choice else []


def value_name(parameter: Parameter) -> str:
    """What stands for the value of a parameter; raises KeyError for a type that has no French name."""
    if isinstance(parameter, TyperOption) and parameter.is_flag:
        return ""
    if parameter.metavar is not None:
        name = parameter.metavar
    elif isinstance(parameter, TyperArgument):
        name = parameter.name.upper()
    elif choices_of(parameter):
        name = "|".join(choices_of(parameter))
    else:
        name = TYPE_NAMES[parameter.type_descriptor.annotation]
    return f"{name}…" if parameter.nargs != 1 or getattr(parameter, "multiple", False) else name


def range_note(least: float | None, most: float | None) -> str:
    """The bounds of a number; an upper bound that only protects the database is not worth saying."""
    if most is not None and most < MAX_ID:
        return f"de {least} à {most}" if least is not None else f"au plus {most}"
    return f"au moins {least}" if least is not None else ""


def _default_note(parameter: Parameter) -> str:
    default = parameter.default
    if not parameter.show_default or default is None or default == "" or callable(default):
        return ""
    if isinstance(default, bool):
        return "" if not default else "par défaut"
    return f"par défaut : {getattr(default, 'value', default)}"


def describe(parameter: Parameter) -> Described:
    """All that is said of a parameter."""
    is_option = isinstance(parameter, TyperOption)
    names = ", ".join(sorted(parameter.opts, key=len)) if is_option else ""
    if is_option and parameter.secondary_opts:
        names = f"{names} / {', '.join(parameter.secondary_opts)}"
    notes = [
        "obligatoire" if parameter.required else "",
        range_note(parameter.min, parameter.max),
        ", ".join(choices_of(parameter)) if isinstance(parameter, TyperArgument) else "",
        _default_note(parameter),
    ]
    return Described(names, value_name(parameter), parameter.help or "", tuple(filter(None, notes)))
