"""The page of scale, from what was measured."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.bench.scale.national import national
from tests.bench.scale.parts import PARTS, Part

HEAD = """# Ce que l'atelier supporte

Page écrite par `python -m tests.bench.scale.write` (qui relance chaque mesure) ; rien n'y est saisi à la main. Les
temps sont ceux de la machine indiquée, tous les programmes — serveur, travaux, base, personnes simulées — s'y
partageant les mêmes cœurs.
"""


def _passed(measure: Mapping[str, Any]) -> str:
    return "limites tenues" if measure["status"] == 0 else "**une limite au moins est dépassée**"


def _part(part: Part, measure: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {part.title}"
    yield part.explanation
    yield (
        f"`{part.command}` — {measure['day']}, {measure['machine']}, charge avant la mesure "
        f"{measure['load_before']} ; {_passed(measure)}."
    )
    output = str(measure["output"])
    yield output if "\n|" in f"\n{output}" else f"```text\n{output}\n```"


def page(measures: Mapping[str, Mapping[str, Any]]) -> str:
    """The whole page, in French; a part that was not measured is named as such."""
    blocks = [HEAD.strip()]
    for part in PARTS:
        if part.slug in measures:
            blocks.extend(_part(part, measures[part.slug]))
        else:
            blocks.append(f"## {part.title}\n\nPas encore mesuré : `{part.command}`.")
    blocks.extend(national({slug: measure["figures"] for slug, measure in measures.items()}))
    return "\n\n".join(blocks) + "\n"
