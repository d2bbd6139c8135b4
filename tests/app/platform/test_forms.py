"""What a form may bring: known encodings, texts without tricks, files with plain names."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import Session, col, select
from starlette.datastructures import FormData

from app.models import UploadDraftFile
from app.patient_guard.refusal import PatientTextError
from app.patient_guard.texts import refuse_patient_text
from app.platform.forms import refuse_patients
from app.text import LONGEST_FILE_NAME, NAMELESS, TURNING, plain_file_name, without_controls
from tests.conftest import BIOLOGIST, ClientFor, World

CATALOGUE = "Code;Libellé;Unité\nGLU;Glucose à jeun;mmol/L\nNA;Sodium;mmol/L\n".encode()


@pytest.fixture
def sender(world: World, client_for: ClientFor) -> TestClient:
    return client_for(BIOLOGIST)


def _send(client: TestClient, world: World, name: bytes, options: str = "", catalogue: bytes = b"Essai") -> int:
    """Send a file of this name, written by hand: a client would quote what is to be tried."""
    parts = (
        b'--X\r\nContent-Disposition: form-data; name="nom"\r\n\r\n' + catalogue + b"\r\n"
        b'--X\r\nContent-Disposition: form-data; name="fichiers"; filename="' + name + b'"\r\n'
        b"Content-Type: text/csv\r\n\r\n" + CATALOGUE + b"\r\n--X--\r\n"
    )
    answer = client.post(
        f"/laboratoires/{world.laboratory_id}/importer",
        content=parts,
        headers={"content-type": f"multipart/form-data; boundary=X{options}"},
        follow_redirects=False,
    )
    return answer.status_code


def _names(engine: Engine) -> list[str]:
    with Session(engine) as session:
        return list(session.exec(select(UploadDraftFile.file_name).order_by(col(UploadDraftFile.id))))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"catalogue.csv", "catalogue.csv"),
        ("données été.csv".encode(), "données été.csv"),
        (b"..\\..\\a.csv", "a.csv"),
        (b"../../a.csv", "a.csv"),
        (b"a\0.csv", "a.csv"),
        (b"a\x1b[31m.csv", "a[31m.csv"),
        ("a\u009b31m.csv".encode(), "a31m.csv"),
        ("fdp\u202evsc.csv".encode(), "fdpvsc.csv"),
        ("a\u2028b.csv".encode(), "ab.csv"),
        ("\u200b\ufeff".encode(), NAMELESS),
        (b"/", NAMELESS),
    ],
)
def test_a_received_file_has_a_plain_name(
    sender: TestClient, world: World, engine: Engine, sent: bytes, kept: str
) -> None:
    assert _send(sender, world, sent) == 303
    assert _names(engine) == [kept]


@pytest.mark.same_sql("refused as it is read")
@pytest.mark.parametrize(
    "options",
    [
        "; charset=undefined", "; charset=punycode", "; charset=idna", "; charset=unicode_escape",
        "; charset=raw_unicode_escape", "; charset=utf-7", "; charset=utf-16", "; charset=nothing-of-the-kind",
        "; charset=utf-8; charset=undefined",
    ],
)  # fmt: skip
def test_an_encoding_that_turns_what_was_sent_is_refused(
    sender: TestClient, world: World, engine: Engine, options: str
) -> None:
    assert _send(sender, world, b"\\ud800\\u202e.csv", options) == 400
    assert _names(engine) == []


@pytest.mark.same_sql("the encoding differs")
@pytest.mark.parametrize(
    "options", ["", "; charset=utf-8", "; charset=UTF-8", "; charset=iso-8859-1", "; charset*=utf-8''undefined"]
)
def test_the_encodings_of_browsers_and_of_programs_pass(
    sender: TestClient, world: World, engine: Engine, options: str
) -> None:
    """The last is read by nobody: it is UTF-8."""
    assert _send(sender, world, b"a.csv", options) == 303
    assert _names(engine) == ["a.csv"]


def test_a_name_is_cut_at_its_beginning_and_keeps_its_ending() -> None:
    name = plain_file_name("a" * 4000 + ".csv")
    assert (len(name), name[-4:]) == (LONGEST_FILE_NAME, ".csv")


def test_what_turns_letters_round_is_no_text() -> None:
    assert without_controls(f"2345{TURNING}-7\u2028suite\u2029fin") == "2345-7\nsuite\nfin"
    assert without_controls("l’été — µmol/L\u00a0; α\u0301 \u200d") == "l’été — µmol/L\u00a0; α\u0301 \u200d"


# Their digits have the form and the key of a national number, by chance: one word in two thousand does.
UNLUCKY = (
    "1795804461.a934c244755c66aebb0d6f9f5687038ffae8f00b00b28b4e17521016393f38b9",
    "1795804461.0457c48d8fc39719542ac36d4b3ae96327a4b84270943287de7ce07424516b32",
)
PERSON = "2 69 05 49 588 157 80"


@pytest.mark.parametrize("word", UNLUCKY)
def test_what_our_pages_send_back_is_no_person(word: str) -> None:
    refuse_patients(FormData([("lu", word), ("justification", "lu, et d’accord")]))
    with pytest.raises(PatientTextError):
        refuse_patient_text(word)


@pytest.mark.parametrize(
    "fields",
    [
        [("comment", PERSON)],
        [("comment", PERSON), ("comment", "rien")],
        [("lu", f"{UNLUCKY[0]} {PERSON}")],
    ],
)
def test_a_person_in_any_field_is_refused(fields: Any) -> None:
    with pytest.raises(PatientTextError):
        refuse_patients(FormData(fields))
