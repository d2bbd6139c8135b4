"""CSV files for spreadsheets: sent in pieces, with nothing open meanwhile."""

import pytest

from app.models import LocalTest
from app.platform.database import reading
from app.platform.open_transactions import OpenTransactionError
from app.web import spreadsheet_csv
from app.web.spreadsheet_csv import csv_pieces, csv_text
from app.worklist import csv_export
from tests.app.review.conftest import Desk, desk
from tests.conftest import READER, ClientFor

__all__ = ["desk"]


def test_pieces_are_those_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet_csv, "BATCH", 2)
    rows = [(str(number), "=1+1") for number in range(5)]
    pieces = list(csv_pieces(("Un", "Deux"), rows))
    assert len(pieces) == 4
    assert "".join(pieces) == csv_text(("Un", "Deux"), rows)


def test_no_transaction_is_open_while_a_csv_is_sent(desk: Desk) -> None:
    with reading(desk.engine) as session:
        assert session.get(LocalTest, desk.sodium) is not None
        with pytest.raises(OpenTransactionError):
            csv_text(("Un",), [("1",)])


def test_the_queue_is_read_some_rows_at_a_time(
    desk: Desk, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_for(READER)
    whole = client.get(f"{desk.base}/revue?format=csv").text
    asked: list[int] = []
    read = csv_export.queue_sql.rows_of_ids

    def few(session: object, catalogue_id: int, run_id: int, ids: list[int]) -> object:
        asked.append(len(ids))
        return read(session, catalogue_id, run_id, ids)  # type: ignore[arg-type]

    monkeypatch.setattr(csv_export, "BATCH", 2)
    monkeypatch.setattr(csv_export.queue_sql, "rows_of_ids", few)
    assert client.get(f"{desk.base}/revue?format=csv").text == whole
    assert len(asked) > 2
    assert max(asked) == 2


def test_a_header_is_no_formula_either() -> None:
    assert csv_text(["=A1", "Code"], [["+x", "-5", "@y", "\tz"]]) == "\ufeff'=A1;Code\r\n'+x;-5;'@y;'\tz\r\n"
