"""The composition root: the one place that knows every room and puts them together.

Only here are the clock read, ids made and chance drawn; everything below gets them as arguments.
"""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sessional import __version__
from sessional import settings as settings_module
from sessional.actions import Desk
from sessional.credentials import Lifetimes, Passwords, Tokens
from sessional.errors import SessionalError
from sessional.graph.documents import DocumentLimits
from sessional.graph.plan import PageSizes
from sessional.graph.serve import Road
from sessional.observe import (
    FaultHappened,
    Observer,
    ServiceStarted,
    ServiceStopped,
    Warned,
    tell,
)
from sessional.observers.logs import logs
from sessional.observers.metrics import Metrics
from sessional.observers.plain import guarded, watched
from sessional.observers.traces import Traces, wanted
from sessional.settings import Settings
from sessional.store import address, migrate
from sessional.store.postgres import PostgresStore
from sessional.store.sqlite import SqliteStore
from sessional.web import pages
from sessional.web.graphql_http import GraphQLEndpoint
from sessional.web.health import healthz, readyz
from sessional.web.metrics import shown as metrics_shown
from sessional.web.request_id import current_request_id, with_request_id
from sessional.web.secret import signing_secrets

HASHING_THREADS: Final = 2
SECONDS_BETWEEN_FORGETTING: Final = 3600
# Requests leave hardly any cycles behind, so the collector may look ten times less often than usual.
COLLECTOR_THRESHOLDS: Final = (7_000, 10, 20)


def create() -> ASGIApp:
    """The application as the environment configures it: what each worker process runs."""
    given = os.environ.get(settings_module.ENV_FILE)
    loaded = settings_module.load(os.environ, env_file=Path(given) if given else None)
    return build(loaded.settings)


def build(settings: Settings, *, observers: Sequence[Observer] | None = None) -> ASGIApp:
    """The application for these settings. Raises SettingsFault or SchemaFault."""
    place = address.parse(settings.database)
    watching = _observers(settings) if observers is None else observers
    store = _store(settings, place)
    desk = _desk(settings, store, place)
    road = _road(settings, desk, watching)
    endpoint = GraphQLEndpoint(road, desk, watching, body_bytes=settings.body_bytes)
    front = Starlette(
        routes=_routes(settings, store, watching),
        lifespan=lambda app: _lifespan(settings, store, desk, watching),
    )
    app: ASGIApp = _Front(guarded(endpoint, watching), watched(front, watching), graphiql=settings.graphiql)
    for traces in (w for w in watching if isinstance(w, Traces)):
        app = traces.with_parents(app)
    return with_request_id(app)


def _routes(
    settings: Settings, store: SqliteStore | PostgresStore, watching: Sequence[Observer]
) -> list[BaseRoute]:
    routes: list[BaseRoute] = [
        Route("/healthz", healthz),
        Route("/readyz", readyz(store)),
    ]
    routes += [Route("/metrics", metrics_shown(w)) for w in watching if isinstance(w, Metrics)]
    if settings.graphiql:
        routes += [
            Route("/", pages.graphiql),
            Route("/graphql", pages.graphiql),
            Mount("/static", pages.assets()),
        ]
    return routes


class _Front:
    """Sends GraphQL straight to its endpoint, and everything else through the routes."""

    def __init__(self, endpoint: ASGIApp, front: ASGIApp, *, graphiql: bool) -> None:
        self._endpoint = endpoint
        self._front = front
        self._graphiql = graphiql

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/graphql" and not self._is_page(scope):
            await self._endpoint(scope, receive, send)
        else:
            await self._front(scope, receive, send)

    def _is_page(self, scope: Scope) -> bool:
        if scope["method"] == "POST" or not self._graphiql:
            return False
        accept = dict(scope["headers"]).get(b"accept", b"").decode("latin-1")
        return pages.wants_page(scope["method"], accept, scope["query_string"])


# ---- the parts ----------------------------------------------------------------------------------


def _observers(settings: Settings) -> Sequence[Observer]:
    watching: list[Observer] = [logs(settings.log_format, settings.log_level)]
    if settings.metrics:
        watching.append(Metrics(__version__))
    if settings.sentry_dsn:
        from sessional.observers.sentry import sentry

        watching.append(sentry(settings.sentry_dsn, __version__))
    if wanted(os.environ):
        watching.append(Traces(__version__))
    return watching


def _store(settings: Settings, place: Path | str) -> SqliteStore | PostgresStore:
    if isinstance(place, Path):
        migrate.migrate_sqlite(place)
        return SqliteStore(place, deadline_seconds=settings.request_seconds)
    return PostgresStore(
        place,
        connections=settings.database_connections,
        deadline_seconds=settings.request_seconds,
    )


def _desk(settings: Settings, store: SqliteStore | PostgresStore, place: Path | str) -> Desk:
    lifetimes = Lifetimes(
        access_seconds=settings.access_token_seconds,
        refresh_seconds=settings.refresh_token_seconds,
    )
    keys = signing_secrets(settings.secret, settings.secret_previous, place)
    return Desk(
        store=store,
        tokens=Tokens(keys, lifetimes),
        passwords=Passwords(),
        hashing=ThreadPoolExecutor(HASHING_THREADS, thread_name_prefix="hashing"),
        now=lambda: int(time.time()),
        new_session_id=lambda: secrets.token_urlsafe(16),
        hold_seconds=settings.hold_seconds,
    )


def _road(settings: Settings, desk: Desk, observers: Sequence[Observer]) -> Road:
    def on_fault(error: BaseException) -> None:
        tell(observers, FaultHappened(request_id=current_request_id(), error=error))

    return Road(
        desk,
        sizes=PageSizes(
            default=settings.page_size, most=settings.page_size_most, together=settings.rows_most
        ),
        limits=DocumentLimits(
            tokens=settings.document_tokens,
            depth=settings.document_depth,
            remembered=settings.documents_remembered,
        ),
        on_fault=on_fault,
    )


# ---- from start to stop -------------------------------------------------------------------------


@asynccontextmanager
async def _lifespan(
    settings: Settings, store: SqliteStore | PostgresStore, desk: Desk, observers: Sequence[Observer]
) -> AsyncIterator[None]:
    if isinstance(store, PostgresStore):
        await _open_postgres(settings, store, observers)
    shown = settings_module.shown("database", settings.database)
    tell(observers, ServiceStarted(database=shown))
    _settle_memory()
    forgetting = asyncio.create_task(_forget_keys(settings, desk, observers))
    try:
        yield
    finally:
        forgetting.cancel()
        with suppress(asyncio.CancelledError):
            await forgetting
        await store.close()
        desk.hashing.shutdown(wait=False, cancel_futures=True)
        tell(observers, ServiceStopped())


def _settle_memory() -> None:
    """What is there by now stays: the garbage collector need not look through it again and again.

    The schema alone is a hundred thousand objects, and every full collection stops the loop.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)


async def _open_postgres(settings: Settings, store: PostgresStore, observers: Sequence[Observer]) -> None:
    found = await migrate.postgres_version(settings.database)
    migrate.check_version(found, settings_module.shown("database", settings.database))
    await store.open()
    for name in await store.unsafe_settings():
        text = f"PostgreSQL runs with {name} off: a crash of its machine can lose acknowledged bookings."
        tell(observers, Warned(message=text))


async def _forget_keys(settings: Settings, desk: Desk, observers: Sequence[Observer]) -> None:
    """Forget idempotency keys that are older than promised, now and every hour."""
    while True:
        before = desk.now() - settings.idempotency_hours * 3600
        try:
            await desk.store.fetch("forget_keys", before=before)
        except SessionalError as error:
            tell(observers, FaultHappened(request_id="", error=error))
        await asyncio.sleep(SECONDS_BETWEEN_FORGETTING)
