"""Rows of a free catalogue that share a local code, and not their unit or specimen: analyses of their own, of which a
laboratory system takes only one LOINC code."""

from collections.abc import Iterable, Mapping, Sequence

from app.files.choices import Duplicates
from app.files.clashes import Clash
from app.files.reading import ReadFile, ReadLine
from app.text import counted

_SHOWN = 5
_TELLING = ("unit_code", "unit", "specimen_code", "specimen")
WHAT_BECOMES = (
    "Un SGL n'accepte qu'un code LOINC par code local : ces lignes ne comptent à la couverture et ne sortent avec un "
    "code que si leurs réponses approuvées sont les mêmes"
)


def settle_shared(file: ReadFile, groups: Mapping[tuple[str, ...], Sequence[ReadLine]], kept: set[int]) -> set[int]:
    """The rows that come in, of those kept so far; what shares a code is noted in the file, with what is left out.

    `groups` are the rows of each key, which begins with the local code.
    """
    by_code: dict[str, list[list[ReadLine]]] = {}
    for key, lines in groups.items():
        here = [line for line in lines if line.row_number in kept]
        if here:
            by_code.setdefault(key[0], []).append(here)
    shared = {code: several for code, several in by_code.items() if len(several) > 1}
    file.shared_codes = [_clash(file, code, several) for code, several in shared.items()]
    first = {Duplicates.FIRST: 1, Duplicates.LEAVE: 0}.get(file.incoming.choices.shared)
    if first is not None:
        file.left_shared = sorted(
            line.row_number for several in shared.values() for lines in several[first:] for line in lines
        )
    return kept - set(file.left_shared)


def _clash(file: ReadFile, code: str, several: Sequence[Sequence[ReadLine]]) -> Clash:
    lines = [line for lines in several for line in lines]
    differing = [name for name in _TELLING if len({line[name] for line in lines}) > 1]
    rows = sorted(line.row_number for line in lines)
    return Clash(code, tuple(rows), tuple(file.heading(name) for name in differing))


def shared_advice(file: ReadFile) -> Iterable[str]:
    """Which codes are shared, and what becomes of their rows."""
    if not file.shared_codes:
        return
    codes = counted(len(file.shared_codes), "code sert", "codes servent")
    some = " ; ".join(
        f"« {shared.code} », lignes {_rows(shared.rows)}" for shared in file.shared_codes[:_SHOWN]
    )
    more = " ; …" if len(file.shared_codes) > _SHOWN else ""
    what = f"{file.name} : {codes} à plusieurs analyses, d'unité ou de milieu différents ({some}{more})"
    left = counted(len(file.left_shared), "ligne est laissée", "lignes sont laissées")
    match file.incoming.choices.shared:
        case Duplicates.FIRST:
            yield f"{what} ; la première est gardée, {left} de côté."
        case Duplicates.LEAVE:
            yield f"{what} ; {left} de côté."
        case _:
            yield f"{what} ; toutes sont gardées. {WHAT_BECOMES}."


def _rows(rows: Sequence[int]) -> str:
    return ", ".join(map(str, rows[:_SHOWN])) + (", …" if len(rows) > _SHOWN else "")
