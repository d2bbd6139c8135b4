"""The journeys that docs/architecture.md tells, read from it, and what is false in them."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from pathlib import PurePosixPath

from tests.architecture.plan import APPLICATION, ROOT, Plan, module_graph, room_of

DOCUMENT = ROOT / "docs" / "architecture.md"
SCREENS = ("static", "templates")
"""Folders that stand above every room: what the browser runs or shows."""
_STEP = re.compile(r"^\d+\. `([^`]+)`(?: · ((?:`[^`]+`(?:, )?)+))? — \S")
_WOKEN = re.compile(r"^\* Woken by `([^`]+)` · ((?:`[^`]+`(?:, )?)+)$")
_KEPT = re.compile(r"^ +Kept in `(\w+)`$")
_ROUTE = re.compile(r"^@router\.\w+\(.*\)\n(?:@.*\n)*(?:async )?def (\w+)", re.MULTILINE)
_SCRIPT_FUNCTION = re.compile(r"^ *(?:async )?(?:function )?(\w+)\([^()]*\) \{$", re.MULTILINE)
"""A function or a method of a script; `if (…) {` has a space before its parenthesis."""
_JOB = re.compile(r"^register\(\w+, (\w+)", re.MULTILINE)


class Sense(StrEnum):
    """In which sense a leg goes forward."""

    DOWN = "Calls go down"
    UP = "Data come up"


@dataclass(frozen=True, slots=True)
class Step:
    """A file of a journey and the functions passed through in it."""

    path: str
    functions: tuple[str, ...]

    @property
    def module(self) -> str:
        """The module of a Python file; empty for another file."""
        path = PurePosixPath(self.path)
        return ".".join(path.with_suffix("").parts) if path.suffix == ".py" else ""

    @property
    def place(self) -> str:
        """Its room, its package beside the application, or its folder of screens."""
        return room_of(self.module) if self.module else self.path.partition("/")[0]

    @property
    def source(self) -> str:
        """The text of the file; empty when there is none."""
        file = ROOT / self.path
        return file.read_text(encoding="utf-8") if file.is_file() else ""


@dataclass(slots=True)
class Leg:
    """Steps that go forward in one sense; `kept` gives, after a number of steps, the table that is passed on."""

    sense: Sense
    steps: list[Step] = field(default_factory=list)
    kept: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class Journey:
    """One way through the house."""

    title: str
    woken_by: list[Step] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)


def read_journeys(text: str) -> list[Journey]:
    """The journeys of a document; raises ValueError on a numbered line that is no step."""
    journeys: list[Journey] = []
    for line in text.partition("## Five journeys")[2].splitlines():
        if line.startswith("### "):
            journeys.append(Journey(line[4:].strip()))
        elif not journeys:
            continue
        elif line.startswith("**"):
            journeys[-1].legs.append(Leg(Sense(line.strip("*"))))
        elif found := _WOKEN.match(line):
            journeys[-1].woken_by.append(_step(found))
        elif found := _STEP.match(line):
            journeys[-1].legs[-1].steps.append(_step(found))
        elif found := _KEPT.match(line):
            leg = journeys[-1].legs[-1]
            leg.kept[len(leg.steps)] = found[1]
        elif line.strip():
            raise ValueError(f"no step: {line!r}")
    return journeys


def _step(found: re.Match[str]) -> Step:
    return Step(found[1], tuple(re.findall(r"`([^`]+)`", found[2] or "")))


def faults_of(journey: Journey, plan: Plan) -> list[str]:
    """Everything false in a journey, a sentence each."""
    every = [*journey.woken_by, *(step for leg in journey.legs for step in leg.steps)]
    faults = [fault for step in every for fault in _missing(step)]
    if faults:
        return faults
    for leg in journey.legs:
        faults += _backward(leg, plan)
        faults += _unlinked(leg)
        faults += _unused(leg, journey.woken_by)
    faults += _reentered(journey, plan)
    return faults


def _missing(step: Step) -> Iterator[str]:
    if not (ROOT / step.path).is_file():
        yield f"{step.path} does not exist"
        return
    defined = _defined(step)
    for name in step.functions:
        if name not in defined:
            yield f"{step.path} has no function {name}"


def _defined(step: Step) -> set[str]:
    """The functions of a file; methods by `Class.method`."""
    if not step.module:
        return set(_SCRIPT_FUNCTION.findall(step.source))
    found: set[str] = set()
    for node in ast.parse(step.source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{item.name}" for item in node.body if isinstance(item, ast.FunctionDef)}
    return found


def _layer(step: Step, plan: Plan) -> int | None:
    """The layer, 0 at the top; -1 for screens, None beside the application."""
    if step.place in SCREENS:
        return -1
    return plan.layer_of(step.place) if step.module.startswith(f"{APPLICATION}.") else None


def _backward(leg: Leg, plan: Plan) -> Iterator[str]:
    placed = [(step, layer) for step in leg.steps if (layer := _layer(step, plan)) is not None]
    for (before, upper), (after, lower) in pairwise(placed):
        if (lower < upper) if leg.sense is Sense.DOWN else (lower > upper):
            yield f"{leg.sense}: {after.path} after {before.path} goes backward"


def _imports(importer: Step, imported: Step) -> bool:
    """Whether a module imports another, or the package of a module that stands beside the application."""
    graph = module_graph()
    direct = graph.find_modules_directly_imported_by(importer.module)
    beside = imported.place if not imported.module.startswith(f"{APPLICATION}.") else None
    return imported.module in direct or any(item.partition(".")[0] == beside for item in direct)


def _unlinked(leg: Leg) -> Iterator[str]:
    """Steps in another place that nothing links to those before: no import and no shared table."""
    rooms = [step for step in leg.steps if step.module]
    for number, step in enumerate(leg.steps):
        before = leg.steps[number - 1] if number else None
        if before is None or not step.module or not before.module or step.module == before.module:
            continue
        earlier = [item for item in leg.steps[:number] if item.module]
        if leg.sense is Sense.DOWN:
            if not any(_imports(item, step) for item in earlier):
                yield f"no step before {step.path} imports it"
        elif not step.module.startswith(f"{APPLICATION}."):
            if not any(_imports(item, step) for item in rooms if item.module.startswith(f"{APPLICATION}.")):
                yield f"no room of the leg imports {step.path}"
        elif step.place != before.place and not any(_imports(step, item) for item in earlier):
            table = leg.kept.get(number)
            if table is None or not _share(before.place, step.place, table):
                yield f"nothing links {step.path} to the steps before it"


def _share(first: str, second: str, table: str) -> bool:
    """Whether both rooms use a table of `app/models`."""
    used = re.compile(rf"\b{table}\b")
    return all(
        any(used.search(file.read_text(encoding="utf-8")) for file in (ROOT / APPLICATION / room).glob("*.py"))
        for room in (first, second, "models")
    )


def _unused(leg: Leg, woken_by: Sequence[Step]) -> Iterator[str]:
    """Functions that no step of the leg uses; routes and registered jobs are called from outside."""
    named = [*leg.steps, *woken_by]
    used = {name for step in named for name in _used(step)}
    for step in named:
        outside = {*_ROUTE.findall(step.source), *_JOB.findall(step.source)}
        for name in step.functions:
            bare = name.rpartition(".")[2]
            if bare not in used and bare not in outside:
                yield f"nothing named in the leg uses {name} of {step.path}"


def _used(step: Step) -> set[str]:
    """The names that the code of a file uses, which its definitions, imports and texts alone do not make."""
    if not step.module:
        return set(re.findall(r"\w+", _SCRIPT_FUNCTION.sub("", step.source)))
    nodes = list(ast.walk(ast.parse(step.source)))
    return {node.id for node in nodes if isinstance(node, ast.Name)} | {
        node.attr for node in nodes if isinstance(node, ast.Attribute)
    }


def _reentered(journey: Journey, plan: Plan) -> Iterator[str]:
    """A later request enters the house no lower than the one before; what it finds was kept, or it is the same one."""
    down = [leg for leg in journey.legs if leg.sense is Sense.DOWN]
    for before, after in pairwise(down):
        first, second = before.steps[0], after.steps[0]
        upper, lower = _layer(first, plan), _layer(second, plan)
        if upper is None or lower is None or lower > upper:
            yield f"{second.path} enters below {first.path}"
        table = before.kept.get(len(before.steps))
        if second.module != first.module and (table is None or not _share(before.steps[-1].place, second.place, table)):
            yield f"nothing is kept between {first.path} and {second.path}"
