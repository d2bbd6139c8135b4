"""The plan of the house, read from the code: the layers of pyproject.toml, and the imports that are really there."""

import ast
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import grimp

from app.cli import ROOMS

ROOT = Path(__file__).resolve().parents[2]
APPLICATION = "app"


@dataclass(frozen=True, slots=True)
class Plan:
    """Rooms in their layers, top first, and how many imports go from each room to each other one."""

    layers: tuple[tuple[str, ...], ...]
    """The rooms of `app/` as the contract writes them, top first."""
    packages: tuple[str, ...]
    """The packages beside `app/`, each before those that it imports."""
    imports: dict[tuple[str, str], int]
    """(importing, imported) → how many pairs of modules; rooms by their bare name, packages by theirs."""

    @property
    def names(self) -> list[str]:
        """Every room, then every package, from the top to the bottom."""
        return [room for layer in self.layers for room in layer] + list(self.packages)

    def layer_of(self, room: str) -> int:
        """The layer of a room, 0 at the top; raises KeyError for what is no room of the contract."""
        for number, layer in enumerate(self.layers):
            if room in layer:
                return number
        raise KeyError(room)

    def reduced(self) -> dict[tuple[str, str], int]:
        """The imports that no longer way implies: their transitive reduction, with the same numbers."""
        imported: dict[str, set[str]] = {name: set() for name in self.names}
        for source, target in self.imports:
            imported[source].add(target)
        reached: dict[str, set[str]] = {}
        for name in reversed(self.names):
            reached[name] = imported[name].union(*(reached[other] for other in imported[name]))
        return {
            (source, target): count
            for (source, target), count in self.imports.items()
            if not any(target in reached[other] for other in imported[source])
        }


def contract_layers(pyproject: Path = ROOT / "pyproject.toml") -> tuple[tuple[str, ...], ...]:
    """The rooms, layer by layer, of the contract that holds the application."""
    contracts = tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    (contract,) = [item for item in contracts if item["type"] == "layers" and item["containers"] == [APPLICATION]]
    return tuple(tuple(room.strip() for room in layer.split("|")) for layer in contract["layers"])


def root_packages(pyproject: Path = ROOT / "pyproject.toml") -> tuple[str, ...]:
    """The packages that the contracts look at."""
    return tuple(tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["importlinter"]["root_packages"])


def room_of(module: str) -> str:
    """The room of a module of `app`, or its package: `app.review.routes` → `review`, `matcher.types` → `matcher`."""
    first, _, rest = module.partition(".")
    return rest.partition(".")[0] if first == APPLICATION else first


@cache
def module_graph() -> grimp.ImportGraph:
    """Every module of the packages and its imports, with those that the command line makes by name."""
    graph = grimp.build_graph(*root_packages(), cache_dir=None)
    for module in ROOMS:
        graph.add_import(importer=f"{APPLICATION}.cli", imported=module)
    return graph


@cache
def read_plan() -> Plan:
    """The plan as it stands."""
    graph = module_graph()
    imports: Counter[tuple[str, str]] = Counter()
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            source, target = room_of(module), room_of(imported)
            if source and target and source != target:
                imports[source, target] += 1
    packages = sorted(
        (name for name in root_packages() if name != APPLICATION),
        key=lambda name: -sum(1 for source, _ in imports if source == name),
    )
    return Plan(contract_layers(), tuple(packages), dict(sorted(imports.items())))


def caption_of(name: str) -> str:
    """What a room holds, in a few words: its docstring, up to the first colon or full stop."""
    base = ROOT / name if (ROOT / name).is_dir() else ROOT / APPLICATION / name
    file = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
    told = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return told.partition("\n")[0].partition(":")[0].partition(". ")[0].rstrip(".")
