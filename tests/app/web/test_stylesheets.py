"""Stylesheets stay small, every rule serves a page, and a page loads the rules of its classes."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import app
from app.settings import resource_dir

TEMPLATES = resource_dir("templates")
STATIC = resource_dir("static")
STYLESHEETS = sorted((STATIC / "css").rglob("*.css"))
LONGEST = 350
# Class names that no file holds in one piece, each with where it is put together.
COMPOSED = {
    "gloss-time": "cases/_comparison.html: gloss-{{ axis }}",
    "gloss-scale": "cases/_comparison.html: gloss-{{ axis }}",
    "gloss-property": "cases/_comparison.html: gloss-{{ axis }}",
    "gloss-method": "cases/_comparison.html: gloss-{{ axis }}",
    "status-approved": "cases/_decision_in_force.html: status-{{ key }}",
    "status-doubt": "cases/_decision_in_force.html: status-{{ key }}",
    "status-sent_back": "cases/_decision_in_force.html: status-{{ key }}",
    "swatch-ok": "coverage/pages.py: the part-… of the bar becomes the swatch-… of its legend",
    "swatch-bad": "coverage/pages.py: the part-… of the bar becomes the swatch-… of its legend",
    "out": "coverage/pages.py: the swatch of what is left out of the bar",
}
CLASS_ATTRIBUTE = re.compile(r'\bclass="((?:\{\{.*?\}\}|\{%.*?%\}|[^"{])*)"', re.DOTALL)
JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
OTHER_TEMPLATE = re.compile(r'\{%\s*(?:extends|include|from|import)\s+"([^"]+)"')
LINKED = re.compile(r"static_url\('(css/[^']+)'\)")
BODY_CLASS = re.compile(r"\{% block body_class %\}([^{]*)\{%")
SCRIPT_CLASS = re.compile(r'(?:className\s*=|classList\.\w+\()\s*"([^"]+)"')


@cache
def rules_of(path: Path) -> frozenset[str]:
    """Class names in the selectors of a stylesheet."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)
    selectors = " ".join(re.findall(r"([^{}]+)\{", text))
    return frozenset(re.findall(r"\.([A-Za-z][\w-]*)", selectors))


@cache
def classes_of(path: Path) -> frozenset[str]:
    """Whole class names written in a template, those of its conditions included."""
    found: set[str] = set()
    text = path.read_text("utf-8")
    for value in CLASS_ATTRIBUTE.findall(text):
        for expression in JINJA.findall(value):
            if " if " in expression and expression.startswith("{{"):
                found.update(re.findall(r"'([a-z][\w-]*)'", re.sub(r"==\s*'[^']*'", "", expression)))
        # An expression glued to a word makes a name at run time: that word alone is none.
        pieces = re.sub(r"[\w-]+\{\{.*?\}\}", " ", value, flags=re.DOTALL)
        found.update(JINJA.sub(" ", pieces).split())
    for value in BODY_CLASS.findall(text):
        found.update(value.split())
    return frozenset(found)


@cache
def classes_of_scripts() -> frozenset[str]:
    texts = [path.read_text("utf-8") for path in (STATIC / "js").rglob("*.js")]
    return frozenset(name for text in texts for value in SCRIPT_CLASS.findall(text) for name in value.split())


@cache
def classes_of_python() -> frozenset[str]:
    """Hyphenated words that are a whole text constant of the application: chip-warn, verdict-agree, part-ok…"""
    found: set[str] = set()
    for path in sorted(Path(app.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update(re.findall(r"^[a-z]+(?:-[a-z_]+)+$", node.value))
    return frozenset(found)


@cache
def family(name: str) -> frozenset[str]:
    """A template and every template that it extends, includes or imports."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting.extend(OTHER_TEMPLATE.findall((TEMPLATES / current).read_text("utf-8")))
    return frozenset(seen)


def all_pages() -> list[str]:
    names = [str(path.relative_to(TEMPLATES)) for path in sorted(TEMPLATES.rglob("*.html"))]
    texts = {name: (TEMPLATES / name).read_text("utf-8") for name in names}
    # Pages of the application, and documents that stand alone.
    return [
        name for name, text in texts.items()
        if '{% extends "' in text or (text.startswith("<!doctype") and name != "base.html")
    ]  # fmt: skip


PAGES = all_pages()


def stylesheets_of(page: str) -> set[Path]:
    return {STATIC / found for name in family(page) for found in LINKED.findall((TEMPLATES / name).read_text("utf-8"))}


def classes_of_page(page: str) -> set[str]:
    return {found for name in family(page) for found in classes_of(TEMPLATES / name)}


@pytest.mark.parametrize("path", STYLESHEETS, ids=lambda path: path.name)
def test_a_stylesheet_is_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) < LONGEST


@pytest.mark.parametrize("path", STYLESHEETS, ids=lambda path: path.name)
def test_every_class_of_a_stylesheet_is_used_by_a_page_that_loads_it(path: Path) -> None:
    readers = [page for page in PAGES if path in stylesheets_of(page)]
    assert readers
    used = {*classes_of_scripts(), *classes_of_python(), *COMPOSED}
    for page in readers:
        used |= classes_of_page(page)
    assert rules_of(path) - used == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_class_of_a_page_has_a_rule_that_the_page_loads(page: str) -> None:
    styled = {name for path in stylesheets_of(page) for name in rules_of(path)}
    assert classes_of_page(page) - styled == set()


def test_the_list_of_composed_names_holds_nothing_that_has_no_rule() -> None:
    assert COMPOSED.keys() - {name for path in STYLESHEETS for name in rules_of(path)} == set()
