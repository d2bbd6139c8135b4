"""Templates and scripts obey the strict content security policy."""

import re
from pathlib import Path

import pytest

from app.settings import resource_dir
from app.web.templating import environment

TEMPLATES = resource_dir("templates")
STATIC = resource_dir("static")
TEMPLATE_FILES = sorted(TEMPLATES.rglob("*.html"))
OUR_SCRIPTS = sorted((STATIC / "js").rglob("*.js"))
# An ampersand-free look at tags: attributes that a strict policy forbids.
FORBIDDEN = {
    "inline style": re.compile(r"<style[\s>]|\sstyle\s*=", re.IGNORECASE),
    "inline script": re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE),
    "inline event handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "javascript address": re.compile(r"javascript:", re.IGNORECASE),
    "x-html": re.compile(r"x-html"),
    "unescaped value": re.compile(r"\|\s*safe\b|autoescape\s+false"),
    "another site's resource": re.compile(r"(?:src|href|action)\s*=\s*[\"']\s*(?:https?:)?//", re.IGNORECASE),
}


def name_of(path: Path) -> str:
    return str(path.relative_to(TEMPLATES))


@pytest.mark.parametrize("path", TEMPLATE_FILES, ids=name_of)
@pytest.mark.parametrize("rule", FORBIDDEN)
def test_templates_hold_nothing_that_the_policy_forbids(path: Path, rule: str) -> None:
    found = FORBIDDEN[rule].search(path.read_text("utf-8"))
    assert found is None, f"{rule}: {found}"


@pytest.mark.parametrize("path", TEMPLATE_FILES, ids=name_of)
def test_every_template_compiles(path: Path) -> None:
    environment().get_template(name_of(path))


@pytest.mark.parametrize("path", OUR_SCRIPTS, ids=lambda path: path.name)
def test_scripts_build_no_code_and_no_markup_from_text(path: Path) -> None:
    text = path.read_text("utf-8")
    for word in ("eval(", "new Function", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"):
        assert word not in text


def test_every_static_file_that_a_template_names_exists() -> None:
    named = re.compile(r"static_url\('([^']+)'\)")
    missing = {
        found
        for path in TEMPLATE_FILES
        for found in named.findall(path.read_text("utf-8"))
        if not found.startswith("vendor/") and not (STATIC / found).is_file()
    }
    assert missing == set()


def test_every_component_is_used_and_every_one_used_is_defined_once() -> None:
    defined = [name for path in OUR_SCRIPTS for name in re.findall(r'Alpine\.data\("(\w+)"', path.read_text("utf-8"))]
    used = {name for path in TEMPLATE_FILES for name in re.findall(r'x-data="(\w+)"', path.read_text("utf-8"))}
    assert len(defined) == len(set(defined))
    assert set(defined) == used


@pytest.mark.parametrize("path", OUR_SCRIPTS, ids=lambda path: path.name)
def test_a_script_waits_for_alpine_and_stays_short(path: Path) -> None:
    text = path.read_text("utf-8")
    assert 'document.addEventListener("alpine:init", () => {' in text
    assert len(text.splitlines()) < 200
