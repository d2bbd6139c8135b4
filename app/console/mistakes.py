"""What is wrong in a command line, in one French sentence."""

from typing import Any

from pydantic import ValidationError
from typer._click.exceptions import BadOptionUsage, BadParameter, MissingParameter, NoSuchOption, UsageError
from typer.core import TyperArgument, TyperOption

from app.console.parameters import MAX_ID, choices_of, range_note, value_name

# Kinds of pydantic's refusals of a number.
NOT_A_NUMBER = frozenset({"int_parsing", "int_type", "int_from_float", "int_parsing_size", "float_parsing"})
OUT_OF_RANGE = frozenset({"greater_than_equal", "less_than_equal"})


def named(parameter: Any) -> str:
    """How the user knows a parameter: `l'option --top`, `l'argument FICHIER`; nothing for what is neither."""
    if isinstance(parameter, TyperOption):
        return f"l'option {' ou '.join((max(parameter.opts, key=len), *parameter.secondary_opts))}"
    return f"l'argument {value_name(parameter).rstrip('…')}" if isinstance(parameter, TyperArgument) else ""


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _missing(error: MissingParameter) -> str:
    assert isinstance(error.param, TyperOption | TyperArgument)
    choices = choices_of(error.param)
    ending = f" ; choisissez parmi {', '.join(choices)}." if choices else "."
    return f"Il manque {named(error.param)}{ending}"


def _unknown(error: NoSuchOption) -> str:
    close = sorted(error.possibilities or ())
    ending = f" Vouliez-vous dire {' ou '.join(close)} ?" if close else ""
    return f"L'option {error.option_name} n'existe pas.{ending}"


def _refused(error: BadParameter) -> str:
    parameter = error.param
    if not isinstance(parameter, TyperOption | TyperArgument):
        return error.message
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        # Raised by a command of ours, whose message is French.
        return _sentence(f"{named(parameter)} : {error.message}")
    found = cause.errors()[0]
    given = f"« {found['input']} »"
    if found["type"] in OUT_OF_RANGE:
        is_huge = found["type"] == "less_than_equal" and parameter.max == MAX_ID
        bounds = "trop grand" if is_huge else range_note(parameter.min, parameter.max)
        reason = f"{given} est hors des bornes ({bounds})"
    elif found["type"] in NOT_A_NUMBER:
        reason = f"{given} n'est pas un nombre entier admis"
    elif choices_of(parameter):
        reason = f"{given} n'est pas admis ; choisissez parmi {', '.join(choices_of(parameter))}"
    else:
        reason = f"{given} n'est pas admis"
    return _sentence(f"{named(parameter)} : {reason}.")


def _wanted(error: BadOptionUsage) -> str:
    known = error.ctx.command.params if error.ctx is not None else []
    is_flag = any(isinstance(item, TyperOption) and item.is_flag and error.option_name in item.opts for item in known)
    return "se donne sans valeur" if is_flag else "attend une valeur"


def mistake(error: UsageError) -> str:
    """What is wrong; the errors that this project raises itself already say it in French."""
    if isinstance(error, MissingParameter):
        return _missing(error)
    if isinstance(error, NoSuchOption):
        return _unknown(error)
    if isinstance(error, BadOptionUsage):
        return f"L'option {error.option_name} {_wanted(error)}."
    if isinstance(error, BadParameter):
        return _refused(error)
    return error.message
