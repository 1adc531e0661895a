"""Sheets of paper as PDF: lines, tables and bars from top to bottom, over as many as it takes.

Texts are drawn letter by letter and never read as markup, so that a name can do nothing but stand
there. The letters are those of matplotlib's font; others are written out as their numbers.
"""

import io
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from features.trails.written import visible

WIDTH, HEIGHT = A4
LEFT, RIGHT, TOP, BOTTOM = 50.0, WIDTH - 50.0, HEIGHT - 50.0, 62.0
INK, GREY, RULE = HexColor("#1b1e23"), HexColor("#5a606b"), HexColor("#c9cdd4")
PLAIN, BOLD = "DejaVuSans", "DejaVuSans-Bold"
LEADING = 1.4


@cache
def _glyphs(font: str) -> frozenset[int]:
    """Register a font, and say which letters it has."""
    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        raise ImportError("matplotlib, whose fonts the PDF uses, is not installed")
    folder = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
    loaded = TTFont(font, str(folder / f"{font}.ttf"))
    pdfmetrics.registerFont(loaded)
    return frozenset(loaded.face.charToGlyph)


def drawable(text: str, font: str = PLAIN) -> str:
    r"""A text in letters that the font has and eyes can see.

    Examples
    --------
    >>> drawable("café " + chr(0x4E2D))[5:]
    '\\u4e2d'
    """
    known = _glyphs(font)
    return "".join(
        letter if ord(letter) in known else letter.encode("unicode_escape").decode()
        for letter in visible(text)
    )


class Sheet:
    """Paper that is written from the top.

    Parameters
    ----------
    title : str
        Of the document.
    footer : str
        At the foot of every sheet, with its number.
    """

    def __init__(self, title: str, footer: str) -> None:
        self._bytes = io.BytesIO()
        self._canvas: Any = Canvas(self._bytes, pagesize=A4, invariant=1, pageCompression=1)
        self._canvas.setTitle(drawable(title))
        self._footer, self._number = footer, 0
        self.y = TOP
        self._begin()

    def finish(self) -> bytes:
        """The document."""
        self._canvas.showPage()
        self._canvas.save()
        return self._bytes.getvalue()

    def room(self, height: float) -> None:
        """Go on to another sheet unless so much is left of this one."""
        if self.y - height < BOTTOM:
            self._canvas.showPage()
            self._begin()

    def space(self, height: float) -> None:
        """Leave some of it blank."""
        self.y -= height

    def line(
        self, text: str, *, size: float = 9, font: str = PLAIN, colour: Any = INK, x: float = LEFT
    ) -> None:
        """Write a text, in as many lines as it takes."""
        for part in self.fitting(text, size, font, RIGHT - x):
            self.room(size * LEADING)
            self.y -= size * LEADING
            self._canvas.setFillColor(colour)
            self._canvas.setFont(font, size)
            self._canvas.drawString(x, self.y, part)

    def heading(self, text: str) -> None:
        """Begin a section."""
        self.room(60)
        self.y -= 14
        self.line(text, size=11, font=BOLD)
        self._rule()

    def rows(
        self, rows: Sequence[Sequence[str]], widths: Sequence[float], *, head: bool = False
    ) -> None:
        """Write a table; ``widths`` are shares of the sheet's."""
        full = RIGHT - LEFT
        for number, row in enumerate(rows):
            bold = head and number == 0
            font, size = (BOLD, 7.5) if bold else (PLAIN, 8.5)
            cells = [
                self.fitting(text, size, font, width * full - 8)
                for text, width in zip(row, widths, strict=True)
            ]
            height = max(map(len, cells)) * size * LEADING
            self.room(height)
            x = LEFT
            self._canvas.setFillColor(GREY if bold else INK)
            self._canvas.setFont(font, size)
            for lines, width in zip(cells, widths, strict=True):
                for place, part in enumerate(lines):
                    self._canvas.drawString(x, self.y - (place + 1) * size * LEADING, part)
                x += width * full
            self.y -= height + 1.5

    def bar(self, start: float, end: float, colour: str, *, marks: Sequence[float] = ()) -> None:
        """Draw a bar between two places in percent of the sheet's width."""
        self.room(12)
        full = (RIGHT - LEFT) / 100
        low, high = sorted((start, end))
        self._canvas.setFillColor(HexColor(colour))
        self._canvas.rect(LEFT + low * full, self.y - 8, max(high - low, 0.3) * full, 6, 0, 1)
        self._canvas.setStrokeColor(RULE)
        for mark in marks:
            self._canvas.line(LEFT + mark * full, self.y - 9, LEFT + mark * full, self.y - 1)
        self.y -= 11

    def box(self, lines: Sequence[str], colour: str) -> None:
        """Write lines that are to be seen first, beside a bar of their colour."""
        size = 9.5
        parts = [one for text in lines for one in self.fitting(text, size, BOLD, RIGHT - LEFT - 14)]
        height = len(parts) * size * LEADING + 8
        self.room(height + 6)
        self._canvas.setFillColor(HexColor(colour))
        self._canvas.rect(LEFT, self.y - height, 4, height, 0, 1)
        self._canvas.setFont(BOLD, size)
        for place, part in enumerate(parts):
            self._canvas.drawString(LEFT + 12, self.y - (place + 1) * size * LEADING, part)
        self.y -= height + 6

    def fitting(self, text: str, size: float, font: str, width: float) -> list[str]:
        """Lines no wider than ``width``; a word that is too long is cut where it must be."""
        lines, line = [], ""
        for word in drawable(text, font).split(" "):
            wider = f"{line} {word}" if line else word
            if pdfmetrics.stringWidth(wider, font, size) <= width:
                line = wider
                continue
            if line:
                lines.append(line)
            line = word
            while pdfmetrics.stringWidth(line, font, size) > width:
                fits = len(line)
                while fits > 1 and pdfmetrics.stringWidth(line[:fits], font, size) > width:
                    fits -= 1
                lines.append(line[:fits])
                line = line[fits:]
        return [*lines, line]

    def _begin(self) -> None:
        self._number += 1
        self.y = TOP
        self._canvas.setFillColor(GREY)
        y = BOTTOM - 22
        for part in self.fitting(f"{self._footer}; page {self._number}", 7, PLAIN, RIGHT - LEFT):
            self._canvas.setFont(PLAIN, 7)
            self._canvas.drawString(LEFT, y, part)
            y -= 9

    def _rule(self) -> None:
        self.y -= 4
        self._canvas.setStrokeColor(RULE)
        self._canvas.line(LEFT, self.y, RIGHT, self.y)
        self.y -= 3
