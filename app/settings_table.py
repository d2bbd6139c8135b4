"""The page of the guide that lists the settings: `python -m app.settings_table` writes it to standard output."""

import sys
from pathlib import Path
from typing import Any

from app.settings import PROJECT_ROOT, Settings

INTRODUCTION = """\
# Réglages

Chaque réglage est une variable d'environnement, lue au démarrage ; sans elle, la valeur par défaut s'applique.

```
TRANSCODEUR_PORT=8080 transcodeur serve
```

| Variable | Valeur par défaut | Type | Sens |
|---|---|---|---|
"""
CONCLUSION = """
Cette page est écrite par `make guide` à partir de `app/settings.py`.
"""
TYPES: dict[object, str] = {
    bool: "`true` ou `false`",
    int: "nombre entier",
    str: "texte",
    Path: "chemin d'un dossier",
}


def _default(value: Any) -> str:
    """A default as one would write it in the environment; a folder of the project is named from the project."""
    if isinstance(value, Path):
        return f"`{value.relative_to(PROJECT_ROOT) if value.is_relative_to(PROJECT_ROOT) else value}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value != "" else "vide"


def settings_table() -> str:
    """The whole page, in Markdown: one line a setting, in the order of the class.

    Raises KeyError for a setting whose type has no French name, ValueError for one that is not described.
    """
    lines = []
    for name, field in Settings.model_fields.items():
        if not field.description:
            raise ValueError(f"the setting {name} has no description")
        variable = f"{Settings.model_config['env_prefix']}{name}".upper()
        cells = (f"`{variable}`", _default(field.default), TYPES[field.annotation], field.description)
        lines.append(f"| {' | '.join(cells)} |\n")
    return INTRODUCTION + "".join(lines) + CONCLUSION


if __name__ == "__main__":
    sys.stdout.write(settings_table())
