"""Every fact that can be stated has its French sentence, and every weight its meaning."""

import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import fields
from importlib import import_module
from string import Formatter
from typing import Any

import pytest

import matcher.evidence
from matcher import Engine, LocalTest, Verdict
from matcher.evidence.base import Found, sentence_of
from matcher.scoring import WEIGHTS, Weights

MODULES = [import_module(f"matcher.evidence.{item.name}") for item in pkgutil.iter_modules(matcher.evidence.__path__)]


def rules() -> list[Callable[..., Any]]:
    """The functions that state a fact: those that take the local value and the value of the term."""
    found = []
    for module in MODULES:
        for function in vars(module).values():
            if inspect.isfunction(function) and function.__module__ == module.__name__:
                names = [name.lstrip("_") for name in inspect.signature(function).parameters]
                if names == ["local", "term"]:
                    found.append(function)
    return found


def test_there_are_rules_on_every_axis() -> None:
    modules = {rule.__module__.rsplit(".", 1)[-1] for rule in rules()}
    assert {"component", "property", "time", "system", "scale", "method", "unit"} <= modules


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.__name__)
def test_every_rule_has_a_sentence(rule: Callable[..., Any]) -> None:
    text = inspect.getdoc(rule)
    assert text
    placeholders = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    assert placeholders <= {"local", "term"}
    sentence = sentence_of(rule, "LOCAL {x}", "TERM {y}")
    assert sentence.endswith(".")
    assert sentence[0].isupper() or sentence[0] == "«"
    assert "\n" not in sentence
    assert "non précisé" in sentence_of(rule, "", "") or "{local}" not in text


def test_a_rule_without_a_sentence_cannot_be_used() -> None:
    def unexplained(local: str, term: str) -> None: ...

    with pytest.raises(ValueError, match="sentence"):
        sentence_of(unexplained, "a", "b")


def test_a_verdict_and_its_strength_say_the_same(small_engine: Engine) -> None:
    rows = [
        LocalTest(label="Glycémie", unit="mmol/L", specimen="sérum"),
        LocalTest(label="Glucose", unit="g/L"),
        LocalTest(label="Sodium urinaire", unit="mmol/24h", specimen="urines"),
        LocalTest(label="Antigène HBs", scale="ORD"),
    ]
    for row in rows:
        for proposal in small_engine.propose(row):
            for item in proposal.evidence:
                if item.verdict is Verdict.CONTRADICT:
                    assert item.weight < 0, item
                if item.verdict is Verdict.AGREE:
                    assert item.weight >= 0, item


def test_found_is_bounded() -> None:
    assert Found(Verdict.AGREE, 1.0, test_found_is_bounded).strength == 1.0


def test_the_table_of_weights_has_a_row_for_each_weight_and_is_positive() -> None:
    table = dict(WEIGHTS.table())
    assert list(table) == [item.name for item in fields(Weights)]
    assert all(value > 0 for value in table.values())
    assert table["veto"] > 0


def test_a_contradicted_axis_outweighs_its_agreement() -> None:
    """With the veto, the worst a contradiction costs is more than the best an agreement gives."""
    for axis in ("property", "time", "system", "scale"):
        weight = getattr(WEIGHTS, axis)
        assert weight + WEIGHTS.veto > weight
        assert WEIGHTS.veto >= 1.0
