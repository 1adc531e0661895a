"""A flow as picture, page, table and JSON: readable, and safe with hostile names."""

import csv
import json
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from features import Ledger, RiskError
from features.trails.drawn import drawn
from features.trails.flow import Flow, trace_flow
from features.trails.picture import heading, picture, short
from features.trails.text import flow_text
from features.trails.written import SHOWN_ROWS, flow_facts, page, svg, visible, write_flow
from tests.strategies import at, fan_out, transfers

LATE = at(8e7)
HOSTILE = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "=HYPERLINK(1)", "+1", "-1",
    "@SUM(A1)", "\t=1", "$x^2$ $\\frac{1}{$", "a\u202eb", "]]>&amp;<!--", "\U0001f480\u4e2d",
    "a\x07b",
]  # fmt: skip


def forward(frame: pd.DataFrame, wallet: str) -> Flow:
    return trace_flow(Ledger.from_transfers(frame), wallet, LATE, direction="forward", share=1.0)


@pytest.fixture(scope="module")
def hostile() -> Flow:
    rows = [(float(k), "src", name, 1.0 + k) for k, name in enumerate(HOSTILE)]
    return forward(transfers(rows, prefix="=t<b>"), "src")


def test_a_picture_is_sound_xml_without_markup_of_names(hostile: Flow) -> None:
    root = ElementTree.fromstring(svg(hostile))
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert not tags & {"script", "img", "image", "a", "foreignObject"}
    text = " ".join("".join(element.itertext()) for element in root.iter())
    assert "<script>alert(1)" in text
    assert "\u202e" not in text


def test_the_heading_of_a_narrow_picture_fits() -> None:
    shown = drawn(forward(transfers([(0.0, "somebody with a name", "another", 1.0)]), "nobody"))
    for flow in (drawn(forward(fan_out(3), "hub")), shown):
        drawing = picture(flow)
        text = next(one for one in drawing.axes[0].texts if "shown" in one.get_text())
        box = text.get_window_extent()
        assert " ".join(text.get_text().split()) == heading(flow)
        assert box.x1 <= drawing.bbox.x1
        assert box.y1 <= drawing.bbox.y1


def test_a_page_holds_no_markup_of_names(hostile: Flow) -> None:
    text = page(hostile)
    assert "<script" not in text
    assert "<img" not in text
    assert "\u202e" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "default-src 'none'" in text
    assert "http-equiv" in text


def test_no_cell_of_a_table_begins_a_formula(hostile: Flow, tmp_path: Path) -> None:
    write_flow(tmp_path / "t.csv", hostile)
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as lines:
        cells = [cell for row in csv.reader(lines) for cell in row]
    assert not [cell for cell in cells if cell.lstrip()[:1] in {"=", "+", "-", "@"}]
    assert "'=HYPERLINK(1)" in cells


def test_the_terminal_shows_letters_that_can_be_seen(hostile: Flow) -> None:
    assert "\x07" not in flow_text(hostile)
    assert "a\\x07b" in flow_text(hostile)
    assert visible("\u202e") == "\\u202e"
    assert short("x" * 99) == f"{'x' * 17}..xxx"


def test_equal_flows_give_equal_files(hostile: Flow) -> None:
    assert svg(hostile) == svg(hostile)
    assert page(hostile) == page(hostile)


def test_three_hundred_wallets_are_few_nodes_and_no_value_is_lost() -> None:
    shown = drawn(forward(fan_out(300), "hub"))
    names = [node.name for node in shown.nodes]
    assert len(names) == 14
    assert "288 others" in names
    assert sum(node.wallets for node in shown.nodes) == 301
    assert sum(node.value for node in shown.nodes if node.column == 1) == pytest.approx(300.0)
    assert "100.0% shown, 300 transfers; 0 smaller ones left out" in heading(shown)


def test_a_way_round_is_drawn_in_one_direction() -> None:
    rows = [(0, "src", "a", 8.0), (1, "a", "b", 8.0), (2, "b", "a", 8.0), (3, "a", "z", 8.0)]
    shown = drawn(forward(transfers(rows), "src"))
    assert [node.name for node in shown.nodes] == ["src", "a", "b", "a", "z"]
    assert all(shown.nodes[one.near].column < shown.nodes[one.far].column for one in shown.ribbons)
    for place, node in enumerate(shown.nodes):
        gone = sum(one.value for one in shown.ribbons if one.near == place)
        assert node.value == pytest.approx(gone + node.ended)


@pytest.mark.parametrize("ending", ["svg", "html", "csv", "png"])
def test_nothing_found_is_written_too(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"trail.{ending}"
    write_flow(path, forward(fan_out(2), "nobody"))
    assert path.stat().st_size > 0


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RiskError, match=r"trail\.pdf: a trail is written to a file"):
        write_flow(tmp_path / "trail.pdf", forward(fan_out(2), "hub"))


def test_an_answer_holds_the_largest_and_counts_the_rest() -> None:
    found = forward(transfers([(k, "hub", f"l{k}", 1.0 + k) for k in range(SHOWN_ROWS + 5)]), "hub")
    facts = flow_facts(found)
    assert len(facts["transfers"]) == SHOWN_ROWS
    assert facts["not_shown"] == len(found.transfers) - SHOWN_ROWS > 0
    assert min(row["amount"] for row in facts["transfers"]) == 6.0
    json.dumps(facts, allow_nan=False)
