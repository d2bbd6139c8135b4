"""Help and mistakes of every command, without a word of English."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer._click import Context
from typer.testing import CliRunner

from app.cli import ROOMS, cli, commands_of
from app.commands_table import documented
from app.console.french import FrenchCommand, FrenchGroup
from app.settings import get_settings
from tests.app.console.english import english_in


def paths() -> list[tuple[str, ...]]:
    """Every command and every group, as typed."""
    root = typer.main.get_command(cli)
    seen: set[tuple[str, ...]] = {()}
    for _, context in documented(root, Context(root, info_name="transcodeur")):
        words = context.command_path.split()[1:]
        seen |= {tuple(words[:length]) for length in range(1, len(words) + 1)}
    return sorted(seen)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Mistakes are made in a folder of their own, never in the installation of who runs the tests."""
    monkeypatch.setenv("TRANSCODEUR_DATA_DIR", str(tmp_path / "var"))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def test_the_list_of_words_sees_english() -> None:
    assert english_in("Usage: transcodeur\nError: Missing option") == ["Usage", "Error:", "Missing"]
    assert english_in("[Errno 2] No such file or directory") == ["such", "file", "directory"]
    assert english_in("Il manque l'option --top.") == []


@pytest.mark.parametrize("path", paths(), ids=" ".join)
def test_every_help_is_in_french(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli, [*path, "--help"])
    assert result.exit_code == 0
    assert result.output.startswith("Utilisation : transcodeur")
    assert "Options\u00a0:\n" in result.output
    assert english_in(result.output) == []


@pytest.mark.parametrize("path", paths(), ids=" ".join)
def test_every_command_is_a_french_one(path: tuple[str, ...]) -> None:
    command = typer.main.get_command(cli)
    for name in path:
        assert isinstance(command, FrenchGroup)
        found = command.get_command(Context(command), name)
        assert found is not None
        command = found
    assert isinstance(command, FrenchCommand | FrenchGroup)


MISTAKES = {
    "bidon": "La commande bidon n'existe pas.",
    "exprot": "La commande exprot n'existe pas. Vouliez-vous dire export ?",
    "--": "Il manque une commande.",
    "--bidon": "L'option --bidon n'existe pas.",
    "user ajouter": "La commande ajouter n'existe pas.",
    "propose": "Il manque l'argument CATALOGUE.",
    "propose a.csv": "Il manque l'option --output.",
    "propose a.csv -o": "L'option -o attend une valeur.",
    "propose a.csv -o b --timing=3": "L'option --timing se donne sans valeur.",
    "propose a.csv -o b --top zéro": "L'option --top : « zéro » n'est pas un nombre entier admis.",
    "propose a.csv -o b --top 2.5": "L'option --top : « 2.5 » n'est pas un nombre entier admis.",
    "propose a.csv -o b --top 0": "L'option --top : « 0 » est hors des bornes (de 1 à 50).",
    "propose a.csv -o b --top 51": "L'option --top : « 51 » est hors des bornes (de 1 à 50).",
    "propose a.csv -o b --topp 5": "L'option --topp n'existe pas. Vouliez-vous dire --top ?",
    "propose a.csv -o b -z": "L'option -z n'existe pas.",
    "propose a.csv -o b c d": "En trop : c d.",
    "propose - -o b --release -": "L'entrée standard (-) ne peut être lue qu'une fois.",
    "import - - --laboratoire L --catalogue C": "L'entrée standard (-) ne peut être lue qu'une fois.",
    "import": "Il manque l'argument FICHIER.",
    "coverage --catalogue -1": "L'option --catalogue : « -1 » est hors des bornes (au moins 1).",
    "coverage --catalogue 9223372036854775808": "L'option --catalogue : « 9223372036854775808 » est hors des bornes "
    "(trop grand).",
    "export --catalogue 1 -o x": "Il manque l'option --format ; choisissez parmi loinc_4, loinc_5,",
    "export --catalogue 1 -o x --format pdf": "L'option --format : « pdf » n'est pas admis ; choisissez parmi loinc_4,",
    "serve --port 99999": "L'option --port : « 99999 » est hors des bornes (de 0 à 65535).",
    "user state a@labo.fr": "Il manque l'option --actif ou --inactif.",
    "doctor ici": "En trop : ici.",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_each_mistake_has_its_french_sentence_and_the_status_of_a_wrong_use(line: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, line.split())
    assert result.exit_code == 2
    assert result.stdout == ""
    assert f"Erreur : {MISTAKES[line]}" in result.stderr
    assert english_in(result.stderr) == []
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("group", [(), ("user",), ("laboratory",)])
def test_a_group_alone_explains_itself_on_the_standard_error(group: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli, list(group))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Commandes\u00a0:" in result.stderr


def test_a_question_left_unanswered_is_given_up_in_french() -> None:
    command = ["user", "add", "--email", "a@labo.fr", "--nom", "A", "--mot-de-passe"]
    result = CliRunner().invoke(cli, command, input="")
    assert result.exit_code == 1
    assert "Erreur : abandonné." in result.stderr


def test_two_different_passwords_are_asked_again_in_french() -> None:
    command = ["user", "add", "--email", "a@labo.fr", "--nom", "A", "--mot-de-passe"]
    typed = "une phrase bien à moi\nune autre phrase\nune phrase bien à moi\nune phrase bien à moi\n"
    result = CliRunner().invoke(cli, command, input=typed)
    assert result.exit_code == 0
    assert "Les deux mots de passe diffèrent ; recommencez." in result.stderr
    assert english_in(result.output) == []


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_registers_the_commands_that_the_table_says(room: str) -> None:
    assert tuple(commands_of(room)) == ROOMS[room]
