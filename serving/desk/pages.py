"""Pages out of templates, with the headers that keep them to themselves."""

import base64
import hashlib
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from features.trails.written import visible
from serving.access.caller import NOBODY, caller
from serving.access.sessions import Sessions
from serving.desk import words

ROOM = Path(__file__).parent
MEDIA = {".js": "text/javascript", ".svg": "image/svg+xml"}
ASSETS = {
    path.name: path.read_bytes() for path in (ROOM / "assets").iterdir() if path.suffix in MEDIA
}
# a name of its own for each content, so that browsers need not ask again
VERSION = hashlib.sha256(b"".join(ASSETS[name] for name in sorted(ASSETS))).hexdigest()[:12]
STYLE = (ROOM / "assets" / "desk.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    # the style is in the page, so that the first paint waits for nothing; its hash lets it in
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; script-src 'self'; "
        "connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(ROOM / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "percent": words.percent, "one_in": words.one_in, "times": words.times,
        "amount": words.amount, "duration": words.duration, "moment": words.moment,
        "share": words.share, "short": words.short, "brief": words.brief, "plain": words.plain,
        "seen": visible,
    }  # fmt: skip
    # files of ours, not what anybody sent
    made.globals |= {"style": Markup(STYLE), "files": f"/assets/{VERSION}"}  # noqa: S704
    return made


_TEMPLATES = _environment()


def csrf(request: Request) -> str:
    """What a form of this caller must send back."""
    sessions: Sessions = request.app.state.sessions
    return sessions.csrf(request.scope.get("session"), caller(request).name)


def page(request: Request, template: str, status: int = 200, **given: Any) -> Response:
    """Answer with a page.

    Parameters
    ----------
    request : Request
    template : str
        Name of its file.
    status : int
    **given
        What the template reads.
    """
    who = caller(request)
    text = _TEMPLATES.get_template(template).render(
        caller=None if who is NOBODY else who,
        signed_in="session" in request.scope,
        csrf=csrf(request),
        path=request.url.path,
        **given,
    )
    return Response(text, status, HEADERS, media_type="text/html")
