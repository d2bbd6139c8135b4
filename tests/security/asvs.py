"""The table of requirements, `docs/security/asvs.md`: its rows, and the figures at its top, which are never typed.

`python -m tests.security.asvs` writes the figures again.
"""

import re
from collections import Counter
from dataclasses import dataclass

from app.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "security" / "asvs.md"
NUMBERS = PROJECT_ROOT / "tests" / "security" / "asvs_numbers.txt"
STATES = ("tenu", "partiel", "non tenu", "sans objet")
START, END = "<!-- décompte -->", "<!-- fin du décompte -->"
_CELLS = r" \| ".join([r"(\d+\.\d+(?:\.\d+)?)", r"([123](?:, [123])*)", *["([^|]+)"] * 4])
_ROW = re.compile(rf"^\| {_CELLS} \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Row:
    """One requirement, or a whole section where none of it applies."""

    number: str
    level: str
    subject: str
    state: str
    reason: str
    """Why it does not apply, or what is missing; empty for what is met."""
    places: tuple[str, ...]
    test: str
    """Path and name of a test, or empty."""

    @property
    def is_section(self) -> bool:
        """Whether the row stands for every requirement of a section."""
        return self.number.count(".") == 1

    def covers(self, number: str) -> bool:
        """Whether the row is that of this requirement, or of its section."""
        return number == self.number or (self.is_section and number.startswith(f"{self.number}."))


def official() -> dict[str, str]:
    """Every requirement of levels 1 and 2 of the published text (5.0.0): number -> level."""
    lines = NUMBERS.read_text(encoding="utf-8").splitlines()
    return {line.split()[0]: line.split()[1] for line in lines}


def rows() -> list[Row]:
    """The rows of the page, in its order."""
    found = []
    for number, level, subject, state, places, test in _ROW.findall(PAGE.read_text(encoding="utf-8")):
        name, _, reason = state.partition(" : ")
        found.append(
            Row(number, level, subject, name, reason, tuple(re.findall(r"`([^`]+)`", places)), test.strip("`—"))
        )
    return found


def figures() -> str:
    """How many requirements of each level are in each state; a section counts for each of its requirements."""
    levels = official()
    counted: Counter[tuple[str, str]] = Counter()
    for row in rows():
        numbers = [number for number in levels if row.covers(number)] or [row.number]
        counted.update((levels.get(number, "3"), row.state) for number in numbers)
    lines = [f"| Niveau | {' | '.join(STATES)} | en tout |", f"|---|{'---:|' * (len(STATES) + 1)}"]
    for level in ("1", "2", "3"):
        shown = [counted[level, state] for state in STATES]
        name = "3 (autour de l’approbation)" if level == "3" else level
        lines.append(f"| {name} | {' | '.join(map(str, shown))} | {sum(shown)} |")
    return "\n".join(lines)


def with_figures(text: str) -> str:
    """The page with its figures in place."""
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n\n{figures()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(with_figures(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
