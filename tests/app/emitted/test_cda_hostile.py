"""Documents in CDA that are damaged or hostile: told by their place, never by their content."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.emitted.cda import read_cda
from app.emitted.observed import CodeSystems, Damaged, ObservedReport
from tests.app.emitted.cda_documents import (
    LOCAL,
    MARK,
    NUMBER,
    SODIUM,
    act,
    chapter,
    code,
    document,
    observation,
    read,
)

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
MANY = document(chapter(act(*[observation(code(SODIUM))] * 100_001)))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(BOMB + document(), "DTD", id="entities that multiply"),
        pytest.param('<!DOCTYPE a SYSTEM "file:///etc/passwd">' + document(), "DTD", id="an external DTD"),
        pytest.param("<a>" * 100_000 + document(), "niveaux", id="too many levels"),
        pytest.param(MANY, "résultats", id="too many results"),
        pytest.param("", "bien formé", id="nothing"),
        pytest.param("<a/>", "aucun document CDA", id="no document"),
        pytest.param('<!DOCTYPE a [<!ENTITY b SYSTEM "http://127.0.0.1/">]>' + document(), "DTD", id="a far entity"),
        pytest.param(f"{document()}<!DOCTYPE a>{document()}", "DTD", id="a DTD after a document"),
        pytest.param(f'<a x="{"a" * 60_000_000}"/>', "accepte", id="one attribute without end"),
        pytest.param(f'<a x="{"a" * 60_000_000}', "accepte", id="one that is not closed"),
        pytest.param(f"<a><!--{'a' * 60_000_000}", "accepte", id="one comment without end"),
        pytest.param("<a/>" * 20_000, "accepte", id="too many documents"),
        pytest.param(f"<a {' '.join(f'xmlns:n{n}=' + chr(34) + f'u{n}' + chr(34) for n in range(100_000))}/>", "aucun",
                     id="namespaces"),
        pytest.param(f"<a {' '.join(f'a{n}=' + chr(34) * 2 for n in range(200_000))}/>", "aucun", id="attributes"),
    ],
)
def test_what_is_hostile_is_refused_by_its_place(content: str, said: str) -> None:
    started = time.process_time()
    (found,) = (item for item in read(content) if isinstance(item, Damaged))
    assert said in found.reason
    assert found.place == "fichier 1"
    assert time.process_time() - started < 10


def test_what_was_read_before_the_damage_counts() -> None:
    whole = document(chapter(act(observation(code(SODIUM)))))
    found = read(f"<a>{whole}{whole[: len(whole) // 2]}")
    assert [type(item) for item in found] == [ObservedReport, Damaged]


@given(st.data())
@settings(max_examples=150)
def test_damage_anywhere_never_raises_and_never_tells_what_is_written(data: st.DataObject) -> None:
    content = bytearray(document(chapter(act(observation(code(MARK, LOCAL))))).encode())
    for _ in range(data.draw(st.integers(0, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    for item in read_cda(bytes(content[:cut]), "fichier 1", CodeSystems()):
        if isinstance(item, Damaged):
            assert not any(word in f"{item.place} {item.reason}" for word in (MARK, NUMBER, "DUPONTEL", "19790328"))
