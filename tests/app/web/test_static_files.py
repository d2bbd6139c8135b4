"""Static files: seen at once when they change, kept for ever when they do not, forgotten when they are missing."""

import hashlib
import os
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.main import create_app
from app.settings import Settings
from tests.static_copy import editable_static

STYLESHEET = re.compile(r'href="(/static/css/common/base\.css\?v=[^"]+)"')


@pytest.fixture
def static_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return editable_static(tmp_path, monkeypatch)


@pytest.fixture
def visitor(static_dir: Path, settings: Settings, engine: Engine) -> TestClient:
    return TestClient(create_app(settings, engine))


def stylesheet_url(visitor: TestClient) -> str:
    """The address of the main stylesheet, as a page gives it."""
    found = STYLESHEET.search(visitor.get("/connexion").text)
    assert found is not None
    return found[1]


def test_an_edited_file_gets_a_new_address_without_a_restart(visitor: TestClient, static_dir: Path) -> None:
    before = stylesheet_url(visitor)
    edited = b"body { color: green }"
    (static_dir / "css" / "common" / "base.css").write_bytes(edited)
    after = stylesheet_url(visitor)
    assert after.endswith(f"?v={hashlib.sha256(edited).hexdigest()[:12]}")
    assert after != before
    answer = visitor.get(after)
    assert answer.content == edited
    assert "immutable" in answer.headers["cache-control"]


def test_an_edit_of_the_same_size_and_time_is_seen(visitor: TestClient, static_dir: Path) -> None:
    file = static_dir / "css" / "common" / "base.css"
    file.write_bytes(b"a{}")
    before, state = stylesheet_url(visitor), file.stat()
    etag = visitor.get(before).headers["etag"]
    file.write_bytes(b"b{}")
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    after = stylesheet_url(visitor)
    assert after != before
    answer = visitor.get(after, headers={"if-none-match": etag})
    assert (answer.status_code, answer.content) == (200, b"b{}")


def test_the_address_stays_while_the_content_does(visitor: TestClient, static_dir: Path) -> None:
    before = stylesheet_url(visitor)
    os.utime(static_dir / "css" / "common" / "base.css")
    assert stylesheet_url(visitor) == before


@pytest.mark.same_sql("the address differs")
@pytest.mark.parametrize("query", ["", "?v=", "?v=000000000000", "?v=absent", "?autre=1"])
def test_any_other_address_must_be_asked_for_again(visitor: TestClient, query: str) -> None:
    answer = visitor.get(f"/static/css/common/base.css{query}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


def test_the_address_of_an_old_content_is_no_longer_kept(visitor: TestClient, static_dir: Path) -> None:
    old = stylesheet_url(visitor)
    kept = visitor.get(old).headers
    assert "immutable" in kept["cache-control"]
    (static_dir / "css" / "common" / "base.css").write_bytes(b"a{}")
    answer = visitor.get(old, headers={"if-none-match": kept["etag"]})
    assert (answer.status_code, answer.content) == (200, b"a{}")
    assert answer.headers["cache-control"] == "no-cache"


def test_an_unchanged_file_is_not_sent_twice(visitor: TestClient) -> None:
    url = "/static/css/common/base.css"
    first = visitor.get(url)
    again = visitor.get(url, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["css/absent.css", "css/absent.css?v=absent", "css", ""])
def test_what_is_not_found_is_not_kept(visitor: TestClient, path: str) -> None:
    answer = visitor.get(f"/static/{path}")
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"


def test_a_file_that_appears_later_is_seen(visitor: TestClient, static_dir: Path) -> None:
    file = static_dir / "css" / "common" / "base.css"
    content = file.read_bytes()
    file.unlink()
    url = stylesheet_url(visitor)
    assert visitor.get(url).status_code == 404
    file.write_bytes(content)
    assert visitor.get(stylesheet_url(visitor)).content == content
    assert visitor.get(url).headers["cache-control"] == "no-cache"
