"""What the desk shows: the same answers as the API, said so that nobody is misled."""

import re
from html import unescape

import pytest

from features.contracts.times import instant_text
from tests.serving.conftest import TestClient, answered
from tests.serving.desk.conftest import (
    FORMULA,
    HOSTILE,
    SANCTIONED,
    csrf_of,
    looked_up,
    part,
)

API_AS_OF = "2024-09-01T00:00:00Z"


def text_of(page: str) -> str:
    """What is read of a page."""
    body = page[page.index("<main") :]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_a_case_says_what_the_api_answers(desk: TestClient) -> None:
    page = desk.get(looked_up(desk, "w1")).text
    told = answered(desk, "/v1/wallets/score", {"wallet": "w1", "as_of": API_AS_OF})
    read = text_of(page)
    assert told["status"] == "scored"
    assert f"{told['band']}</p>" in page
    assert told["model"]["version"] in read
    for group in told["groups"]:
        assert group["sentence"] in read
        for column in group["columns"]:
            assert column["feature"] in read
    assert "not a decision and not a proof of guilt" in read


def test_any_spelling_finds_the_wallet_and_the_canonical_one_is_shown(desk: TestClient) -> None:
    read = text_of(desk.get(looked_up(desk, "  w1  ")).text)
    assert read.startswith("w1 ")


def test_the_same_page_is_shown_again_and_counts_no_second_answer(desk: TestClient) -> None:
    path = looked_up(desk, "w1")
    assert desk.get(path).text == desk.get(path).text
    assert re.fullmatch(r"/cases/[0-9a-f]{32}", path)


def test_an_unknown_wallet_is_never_called_safe(desk: TestClient) -> None:
    page = desk.get(looked_up(desk, "nobody")).text
    read = text_of(page)
    assert "Unknown wallet" in read
    assert "not the same as safe" in read
    assert "not scored" in read
    assert 'class="band b-unknown"' in page
    assert 'class="here"' not in page  # no mark on the scale
    assert "There is no score, so there are no reasons." in read


def test_nothing_is_ever_green(desk: TestClient) -> None:
    """Neither low nor unknown: green reads as safe."""
    style = desk.get("/").text.partition("<style>")[2].partition("</style>")[0]
    colours = re.findall(r"#([0-9a-f]{6})\b", style)
    assert len(colours) > 30
    greens = [
        one for one in colours for r, g, b in [[int(one[at : at + 2], 16) for at in (0, 2, 4)]]
        if g > r + 12 and g > b + 12
    ]  # fmt: skip
    assert greens == []


def test_a_sanction_comes_first_and_loud(desk: TestClient) -> None:
    page = desk.get(looked_up(desk, SANCTIONED)).text
    assert page.index("Sanctioned</h2>") < page.index('id="h-score"')
    assert '<section class="note alarm" role="alert">' in page
    assert "ofac" in text_of(page)


def test_a_list_that_says_illicit_stands_above_the_score(desk: TestClient) -> None:
    page = desk.get(looked_up(desk, "w5")).text
    assert page.index("On a list as illicit") < page.index('id="h-score"')


def test_a_stale_ledger_is_said_with_a_way_out(desk: TestClient) -> None:
    page = desk.get(looked_up(desk, "w1", as_of="2026-01-01")).text
    assert "Stale</h2>" in page
    end = desk.app.state.endpoint.service.scorer.held.ledger.last_time  # type: ignore[attr-defined]
    assert f'name="as_of" value="{instant_text(end)}"' in page


def test_what_is_refused_is_said_where_it_was_asked(desk: TestClient) -> None:
    token = csrf_of(desk.get("/").text)
    for field, wrong in (("as_of", "yesterday"), ("as_of", "2999-01-01"), ("wallet", "w" * 300)):
        form = {"csrf": token, "wallet": "w1"} | {field: wrong}
        answer = desk.post("/", data=form)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
        assert "as of" in text_of(answer.text)


def test_the_trail_and_the_history_are_parts_of_the_page(desk: TestClient) -> None:
    path = looked_up(desk, "w1")
    trail = part(desk, f"{path}/trail")
    assert trail.count('role="button"') > 2
    assert 'aria-label="w1 asked about"' in trail
    assert "What is drawn, as a table" in trail
    history = part(desk, f"{path}/history")
    assert history.count("<circle") > 10


def test_a_node_is_followed_as_of_the_same_instant(desk: TestClient) -> None:
    path = looked_up(desk, "w1")
    followed = part(desk, f"{path}/trail", wallet="w2")
    assert 'aria-label="w2 asked about"' in followed
    assert 'data-follow="w1"' in followed  # the way back
    assert f'name="as_of" value="{API_AS_OF.replace("Z", ".000000Z")}"' in followed


def test_what_if_is_a_case_of_its_own_and_says_so(desk: TestClient) -> None:
    path = looked_up(desk, "w1")
    before = path.removeprefix("/cases/")
    asked = {"amount": "5000", "asset": "ETH", "way": "withdrawal", "before": before}
    page = desk.get(looked_up(desk, "w1", **asked)).text
    read = text_of(page)
    assert "Supposed, and made by nobody: 5000 ETH from an account of ours to w1" in read
    assert "Without it:" in read
    assert f'href="{path}"' in page


@pytest.mark.parametrize("amount", ["1,5", "-3", "1e5", "=1"])
def test_an_amount_that_can_be_misread_is_refused(desk: TestClient, amount: str) -> None:
    token = csrf_of(desk.get("/").text)
    form = {"csrf": token, "wallet": "w1", "amount": amount, "asset": "ETH"}
    answer = desk.post("/", data=form)
    assert answer.status_code == 422
    assert "digits and a point" in answer.text


@pytest.mark.parametrize("wallet", [HOSTILE, FORMULA])
def test_names_are_text_wherever_they_stand(desk: TestClient, wallet: str) -> None:
    path = looked_up(desk, wallet)
    told = [desk.get(path).text, part(desk, f"{path}/trail"), part(desk, f"{path}/history")]
    # and where others deal with it
    other = looked_up(desk, "w1")
    told += [part(desk, f"{other}/trail"), part(desk, f"{other}/trail", wallet=wallet)]
    refused = desk.post("/", data={"csrf": csrf_of(told[0]), "wallet": wallet, "as_of": wallet})
    for page in (*told, refused.text):
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<b>scam" not in page
        assert "<i>list" not in page
    assert "&lt;script&gt;alert" in told[0] if wallet == HOSTILE else "HYPERLINK" in told[0]


def test_pages_are_small_and_name_no_other_place(desk: TestClient) -> None:
    path = looked_up(desk, "w1")
    page = desk.get(path)
    assert len(page.content) < 100_000
    assert "http://" not in page.text.replace("http://www.w3.org", "")
    assert "https://" not in page.text
    assert "w1" not in path
    style = page.headers["content-security-policy"]
    assert "unsafe" not in style
    assert "default-src 'none'" in style
    assert "frame-ancestors 'none'" in style
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["cache-control"] == "no-store"
    assert " style=" not in page.text
    assert not re.search(r"\son[a-z]+=", page.text)


def test_files_keep_under_names_of_their_content(desk: TestClient) -> None:
    script = re.search(r'src="(/assets/[^"]+)"', desk.get("/").text)
    assert script is not None
    answer = desk.get(script[1])
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert desk.get("/assets/other/desk.js").status_code == 404
    assert desk.get("/assets/../pages.py").status_code in (401, 404)


def test_errors_are_pages(desk: TestClient) -> None:
    answer = desk.get(f"/cases/{'0' * 32}")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "look the wallet up again" in answer.text
