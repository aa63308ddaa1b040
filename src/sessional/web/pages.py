"""What a browser is shown: GraphiQL and its files, under a policy that lets nothing else in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from html import escape
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC: Final = Path(__file__).parent / "static"
# Styles may stand in the page because the editor writes its own; scripts may not.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; worker-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_NOT_BUILT: Final = (
    "Sessional is running: POST a GraphQL document to /graphql.\n"
    "The page for browsers is not built yet. With Node.js or an internet connection: make web\n"
)


def wants_page(method: str, accept: str, query_string: bytes) -> bool:
    """Whether a request to the API's address is a browser that wants to look at it."""
    return method in ("GET", "HEAD") and "text/html" in accept and b"query=" not in query_string


async def graphiql(request: Request) -> Response:
    """GraphiQL's page."""
    if not (STATIC / "index.html").is_file():
        return PlainTextResponse(_NOT_BUILT, headers=_HEADERS)
    return FileResponse(STATIC / "index.html", headers={**_HEADERS, "Cache-Control": "no-cache"})


def graphiql_with(notes: Mapping[str, str]) -> Callable[[Request], Awaitable[Response]]:
    """GraphiQL's page, and what it is told each time."""

    async def handler(request: Request) -> Response:
        return page(notes, headers={"Cache-Control": "no-cache"})

    return handler


def page(notes: Mapping[str, str], *, status: int = 200, headers: Mapping[str, str]) -> Response:
    """GraphiQL's page with notes for its script, which the policy lets stand: they are no script."""
    if not (STATIC / "index.html").is_file():
        return PlainTextResponse(_NOT_BUILT, status, headers={**_HEADERS, **headers})
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    metas = "".join(
        f'<meta name="sessional-{name}" content="{escape(value)}" />' for name, value in notes.items()
    )
    text = html.replace("</head>", f"{metas}</head>", 1)
    return HTMLResponse(text, status, headers={**_HEADERS, **headers})


class Assets(StaticFiles):
    """The page's files. Their names change with their content, so browsers may keep them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_HEADERS)
        if path.startswith("assets/") and response.status_code == 200:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def assets() -> Assets:
    return Assets(directory=STATIC, check_dir=False)
