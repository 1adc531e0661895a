"""The page that shows all routes and tries them: Swagger UI from an installed package.

Nothing of it comes from another address, and its policy lets no script run that is not a file here.
"""

from html import escape
from importlib.resources import files
from mimetypes import guess_type

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from starlette.exceptions import HTTPException

router = APIRouter(include_in_schema=False)

# fastapi-offline carries the files of Swagger UI; nothing else of it is used
FILES = files("fastapi_offline") / "static"
NAMES = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="{root}/docs/favicon.png">
<link rel="stylesheet" href="{root}/docs/swagger-ui.css">
<div id="page" data-document="{root}/openapi.json"></div>
<script src="{root}/docs/swagger-ui-bundle.js"></script>
<script src="{root}/docs/start.js"></script>
</html>
"""
START = """SwaggerUIBundle({
  url: document.getElementById("page").dataset.document,
  dom_id: "#page",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
"""


@router.get("/docs")
async def page(request: Request) -> Response:
    """All routes, and a form to try each."""
    root = escape(request.scope.get("root_path", ""))
    return HTMLResponse(PAGE.format(title=escape(request.app.title), root=root), headers=HEADERS)


@router.get("/docs/start.js")
async def start() -> Response:
    """What starts the page: a file, so that the page needs no script inside it."""
    return Response(START, media_type="text/javascript", headers=HEADERS)


@router.get("/docs/{name}")
async def file(name: str) -> Response:
    """A file of the page."""
    if name not in NAMES:
        raise HTTPException(404, "the page of all routes has no such file")
    return FileResponse(str(FILES / name), media_type=guess_type(name)[0], headers=HEADERS)
