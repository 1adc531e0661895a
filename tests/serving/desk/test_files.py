"""The case as PDF and CSV: the same answer, what it is of, and nothing that runs."""

import csv
import io
import re
from typing import Any

import pytest
from reportlab.pdfgen.canvas import Canvas

from serving.desk.case_csv import COLUMNS, cell
from tests.serving.conftest import TestClient, answered
from tests.serving.desk.conftest import FORMULA, HOSTILE, SANCTIONED, looked_up


def rows_of(client: TestClient, path: str) -> list[dict[str, str]]:
    answer = client.get(f"{path}.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_every_row_of_the_table_says_what_it_is_of(desk: TestClient) -> None:
    path = looked_up(desk, "w1")
    rows = rows_of(desk, path)
    told = answered(desk, "/v1/wallets/score", {"wallet": "w1", "as_of": "2024-09-01T00:00:00Z"})
    assert len(rows) > 40
    for row in rows:
        assert tuple(row) == COLUMNS
        assert row["wallet"] == "w1"
        assert row["as_of"] == told["as_of"]
        assert row["model_version"] == told["model"]["version"]
        assert row["answer"] == path.removeprefix("/cases/")
        assert row["request"]
        assert "transfers" in row["ledger"]
    value = {row["item"]: row["value"] for row in rows if row["section"] == "score"}
    assert float(value["probability"]) == told["probability"]
    log_odds = [float(row["value"]) for row in rows if row["section"] == "reasons"]
    assert sum(log_odds) == pytest.approx(told["log_odds"])


@pytest.mark.parametrize("wallet", [HOSTILE, FORMULA])
def test_no_cell_begins_a_formula(desk: TestClient, wallet: str) -> None:
    rows = rows_of(desk, looked_up(desk, wallet, amount="5", asset="ETH", account="@SUM(A1)"))
    cells = [value for row in rows for value in row.values()]
    assert any(wallet in value for value in cells)
    bad = [value for value in cells if re.match(r"\s*[=+@|\t\r]", value)]
    assert bad == []
    # a sign before digits is a number, and nothing else
    assert [one for one in cells if one.startswith("-") and cell(float(one)) != one] == []


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", " =1", "|a", "\r\n-2"])
def test_texts_of_others_are_no_formulas(text: str) -> None:
    assert cell(text)[0] in "'\\"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Texts that a PDF is made of; in the file they are numbers of glyphs."""
    texts: list[str] = []
    drawn = Canvas.drawString

    def noted(self: Any, x: float, y: float, text: str, **further: Any) -> None:
        texts.append(text)
        drawn(self, x, y, text, **further)

    monkeypatch.setattr(Canvas, "drawString", noted)
    return texts


def test_the_pdf_says_the_answer_on_every_sheet(desk: TestClient, written: list[str]) -> None:
    path = looked_up(desk, SANCTIONED)
    answer = desk.get(f"{path}.pdf")
    assert answer.content.startswith(b"%PDF-")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith('attachment; filename="case-')
    told = answered(
        desk, "/v1/wallets/score", {"wallet": SANCTIONED, "as_of": "2024-09-01T00:00:00Z"}
    )
    whole = " ".join(written)
    sheets = answer.content.count(b"/Type /Page\n") or answer.content.count(b"/Type /Page ")
    feet = [text for text in written if text.startswith("answer ")]
    assert len(feet) == max(sheets, 1)
    assert path.removeprefix("/cases/") in feet[0]
    assert told["model"]["version"] in whole
    assert told["as_of"] in whole
    assert whole.index("SANCTIONED") < whole.index("Score")
    assert "not a decision" in whole
    for group in told["groups"]:
        assert group["sentence"].split()[0] in whole


def test_names_in_a_pdf_are_no_markup(desk: TestClient, written: list[str]) -> None:
    answer = desk.get(looked_up(desk, HOSTILE) + ".pdf")
    assert "<script>alert" in " ".join(written)  # drawn letter by letter
    for action in (b"/JavaScript", b"/JS", b"/URI", b"/Launch", b"/OpenAction", b"/EmbeddedFile"):
        assert action not in answer.content


def test_letters_without_a_glyph_and_unseen_ones_are_written_out(
    desk: TestClient, written: list[str]
) -> None:
    name = "中" + chr(0x202E) + "live"
    desk.get(looked_up(desk, name) + ".pdf")
    assert "\\u4e2d\\u202elive" in " ".join(written)


def test_an_answer_gives_the_same_file_again(desk: TestClient) -> None:
    path = looked_up(desk, "w1")
    assert desk.get(f"{path}.pdf").content == desk.get(f"{path}.pdf").content
    assert desk.get(f"{path}.csv").content == desk.get(f"{path}.csv").content
