"""A file of earlier work whose reading is unsure is shown first: sheet, encoding and columns are for a person."""

import io
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from openpyxl import Workbook
from sqlmodel import select

from app.models import EarlierStatement, UploadDraft
from app.platform.database import reading
from tests.app.earlier.conftest import Inherited
from tests.conftest import OUTSIDER, READER, TRANSCODER, ClientFor


@pytest.fixture
def client(client_for: ClientFor) -> TestClient:
    return client_for(TRANSCODER)


def send(client: TestClient, inherited: Inherited, *files: tuple[str, bytes], verify: bool = False) -> str:
    """The address to which sending these files leads."""
    data = {"verifier": "1"} if verify else {}
    answer = client.post(inherited.address, files=[("fichiers", file) for file in files], data=data)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def form_of(page: str) -> dict[str, str]:
    """What the browser would send of the choices on this page."""
    found = {}
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected>', options)
        first = re.search(r'<option value="([^"]*)"', options)
        found[name] = (chosen or first)[1]  # type: ignore[index]
    return found


def said_by(inherited: Inherited, name: str) -> dict[str, str]:
    with reading(inherited.engine) as session:
        found = session.exec(select(EarlierStatement).where(EarlierStatement.source_name == name))
        return {item.local_code: item.loinc_num for item in found}


def sheets(**named: tuple[tuple[str, ...], ...]) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in named.items():
        sheet: Any = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


HEADINGS = ("Code", "Libellé", "Code LOINC")
TWO_SHEETS = sheets(
    Ancien=(HEADINGS, ("RIEN", "Sodium bis", "2947-0")), Nouveau=(HEADINGS, ("RIEN", "Sodium bis", "2951-2"))
)


def test_which_sheet_counts_is_asked(client: TestClient, inherited: Inherited) -> None:
    address = send(client, inherited, ("liste.xlsx", TWO_SHEETS))
    assert "/lecture/" in address
    assert said_by(inherited, "liste.xlsx") == {}, "nothing is kept before somebody said it"
    page = client.get(address).text
    assert "la feuille « Nouveau » a aussi des codes locaux et des codes LOINC" in page
    form = form_of(page)
    (sheet,) = [name for name in form if name.endswith(".sheet")]
    answer = client.post(f"{address}/reprendre", data=form | {sheet: "Nouveau"})
    assert answer.headers["location"].endswith("?verifier=true"), "another sheet is looked at first"
    form = form_of(client.get(address).text)
    assert form[sheet] == "Nouveau"
    answer = client.post(f"{address}/reprendre", data=form)
    assert "1 ligne du catalogue" in client.get(answer.headers["location"]).text
    assert said_by(inherited, "liste.xlsx") == {"RIEN": "2951-2"}
    assert client.get(address).status_code == 404
    with reading(inherited.engine) as session:
        assert session.exec(select(UploadDraft)).all() == []


TWO_CODES = "Code;Libellé;LOINC;Code LOINC du CHU\nRIEN;Sodium bis;2951-2;2947-0\nNA;Sodium;2951-2;2947-0\n".encode()


def test_which_column_counts_is_asked(client: TestClient, inherited: Inherited) -> None:
    address = send(client, inherited, ("liste.csv", TWO_CODES))
    page = client.get(address).text
    assert "des codes LOINC sont aussi dans « Code LOINC du CHU »" in page
    form = form_of(page)
    columns = {name.rsplit(".c")[-1]: name for name in form if ".c" in name}
    form |= {columns["2"]: "", columns["3"]: "earlier_code"}
    assert client.post(f"{address}/reprendre", data=form).status_code == 303
    assert said_by(inherited, "liste.csv") == {"RIEN": "2947-0", "NA": "2947-0"}


def test_columns_without_a_known_heading_are_named(client: TestClient, inherited: Inherited) -> None:
    content = b"Truc;Machin;Chose\nRIEN;Sodium bis;2951-2\nNA;Sodium;texte\nCRP;CRP;30522-7\n"
    address = send(client, inherited, ("liste.csv", content))
    page = client.get(address).text
    assert "À regarder avant de reprendre" in page
    form = form_of(page)
    refused = client.post(f"{address}/reprendre", data=form)
    assert refused.status_code in (400, 422)
    assert "Rien n'a été repris" in refused.text.replace("&#39;", "'")
    columns = {name.rsplit(".c")[-1]: name for name in form if ".c" in name}
    form |= {columns["0"]: "code", columns["1"]: "label", columns["2"]: "earlier_code"}
    answer = client.post(f"{address}/reprendre", data=form)
    assert answer.status_code == 303, answer.text
    assert said_by(inherited, "liste.csv") == {"RIEN": "2951-2", "NA": "", "CRP": "30522-7"}


def test_the_encoding_can_be_chosen(client: TestClient, inherited: Inherited) -> None:
    content = "Code;Libellé;Code LOINC;Décidé par\nRIEN;Sodium bis;2951-2;Zoé\n".encode("cp1252")
    address = send(client, inherited, ("liste.csv", content), verify=True)
    form = form_of(client.get(address).text)
    (encoding,) = [name for name in form if name.endswith(".encoding")]
    assert form[encoding] != "mac_roman"
    client.post(f"{address}/reglages", data=form | {encoding: "mac_roman"})
    form = form_of(client.get(address).text)
    assert form[encoding] in ("mac_roman", "cp1252")
    client.post(f"{address}/reglages", data=form | {encoding: "cp1252"})
    form = form_of(client.get(address).text)
    assert client.post(f"{address}/reprendre", data=form).status_code == 303
    assert inherited.statements()["RIEN"].author == "Zoé"


def test_another_reading_of_a_file_takes_the_place_of_the_first(client: TestClient, inherited: Inherited) -> None:
    for column, other in (("2", "3"), ("3", "2")):
        address = send(client, inherited, ("liste.csv", TWO_CODES))
        form = form_of(client.get(address).text)
        columns = {name.rsplit(".c")[-1]: name for name in form if ".c" in name}
        form |= {columns[column]: "earlier_code", columns[other]: ""}
        answer = client.post(f"{address}/reprendre", data=form)
        told = client.get(answer.headers["location"]).text
    assert "2 lignes d'une autre lecture de ce fichier" in told.replace("&#39;", "'")
    with reading(inherited.engine) as session:
        found = session.exec(select(EarlierStatement).where(EarlierStatement.source_name == "liste.csv")).all()
        assert [item.loinc_num for item in found] == ["2947-0", "2947-0"]


def test_files_that_say_all_of_it_are_taken_at_once(client: TestClient, inherited: Inherited) -> None:
    content = "Code;Libellé;Code LOINC\nRIEN;Sodium bis;2951-2\n".encode()
    assert "fait=" in send(client, inherited, ("liste.csv", content))
    assert "/lecture/" in send(client, inherited, ("liste.csv", content), verify=True)


def test_the_files_of_somebody_else_stay_hers(
    client: TestClient, inherited: Inherited, client_for: ClientFor
) -> None:
    address = send(client, inherited, ("liste.xlsx", TWO_SHEETS))
    assert client_for(READER).get(address).status_code == 403
    assert client_for(OUTSIDER).get(address).status_code in (403, 404)
    draft_id = address.rsplit("/", 1)[1]
    as_catalogue = f"/laboratoires/{inherited.world.laboratory_id}/importer"
    assert client.get(f"{as_catalogue}/{draft_id}").status_code == 404, "earlier work is no catalogue"
    assert "liste.xlsx" not in client.get(as_catalogue).text
    assert client.get(f"{inherited.address}/lecture/99999").status_code == 404
    assert client.post(f"{address}/abandonner").status_code == 303
    assert client.get(address).status_code == 404


def test_other_codes_of_an_exchange_file_can_be_chosen(client: TestClient, inherited: Inherited) -> None:
    content = (
        "Code analyse;Libellé analyse;Synonyme;Grandeur;Code unité principale;Libellé unité principale;"
        "Temporalité PT/24H;Code milieu;Libellé milieu;Echelle QN/ORD;Technique;Codes NABM ou mention HN;"
        "LOINC;Code LOINC du CHU\nRIEN;Sodium bis;;;;mmol/L;;;Sérum;QN;;;2951-2;2947-0\n"
    )
    address = send(client, inherited, ("LOINC_6.csv", content.encode()))
    form = form_of(client.get(address).text)
    columns = {name.rsplit(".c")[-1]: name for name in form if ".c" in name}
    assert set(columns) == {"12", "13"}, "those of the requirement stand where they are"
    form |= {columns["12"]: "", columns["13"]: "earlier_code"}
    assert client.post(f"{address}/reprendre", data=form).status_code == 303
    assert said_by(inherited, "LOINC_6.csv") == {"RIEN": "2947-0"}
