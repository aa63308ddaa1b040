"""The composition root: the one place that knows every room and puts them together.

The diary, the actions and the graph get the clock, ids and chance from here, as arguments.
"""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
import sys
import threading
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sessional import __version__
from sessional import settings as settings_module
from sessional.actions import Desk
from sessional.actions.desk import Hashing
from sessional.actions.sealing import seal_all
from sessional.actions.throttle import Rate
from sessional.actions.waitlist_offers import pass_on
from sessional.credentials import Lifetimes, Passwords, Tokens
from sessional.graph.bounds import DocumentLimits
from sessional.graph.plan import PageSizes
from sessional.graph.serve import Road
from sessional.keyring import Keyring
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
from sessional.web.negotiate import accepted
from sessional.web.one_write import OneWrite
from sessional.web.request_id import current_request_id, with_request_id
from sessional.web.secret import encryption_keys, signing_secrets
from sessional.web.trusted import trusted
from sessional.web.turnstile import Turnstile

if TYPE_CHECKING:
    from sessional.web.sign_in import SignIn

# Of the kernel's scale up to 19: hashing has what others leave.
HASHING_NICENESS: Final = 10
SECONDS_BETWEEN_FORGETTING: Final = 3600
# What happens is in the chain of the record within a second.
SECONDS_BETWEEN_SEALS: float = 0.5
SECONDS_FOR_LAST_SEAL: Final = 2
# Less than diary.waitlist keeps a time for the next in turn after an offer has run out.
SECONDS_BETWEEN_PASSING_ON: Final = 30
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
    desk = _desk(settings, store, place, watching)
    road = _road(settings, desk, watching)
    requests = _rate(settings_module.rate(settings.request_rate, "request_rate"))
    turnstile = None if requests is None else Turnstile(requests, time.monotonic)
    sign_in = _sign_in(settings, desk, place, turnstile)
    endpoint = GraphQLEndpoint(
        road,
        desk,
        watching,
        body_bytes=settings.body_bytes,
        proxies=settings.trusted_proxies,
        trusted=trusted(settings.trusted_documents),
        turnstile=turnstile,
    )
    OneWrite.receive_seconds = settings.receive_seconds
    front = Starlette(
        routes=_routes(settings, store, watching, sign_in),
        lifespan=lambda app: _lifespan(settings, store, desk, watching, sign_in),
    )
    app: ASGIApp = _Front(
        guarded(endpoint, watching), watched(front, watching), graphiql=settings.shows("graphiql")
    )
    for traces in (w for w in watching if isinstance(w, Traces)):
        app = traces.with_parents(app)
    return with_request_id(app)


def _routes(
    settings: Settings,
    store: SqliteStore | PostgresStore,
    watching: Sequence[Observer],
    sign_in: SignIn | None,
) -> list[BaseRoute]:
    routes: list[BaseRoute] = [
        Route("/healthz", healthz),
        Route("/readyz", readyz(store)),
    ]
    routes += [Route("/metrics", metrics_shown(w)) for w in watching if isinstance(w, Metrics)]
    if sign_in is not None:
        routes += [
            Route("/sign-in", sign_in.begin),
            Route(settings_module.CALLBACK, sign_in.finish),
        ]
    if settings.shows("graphiql"):
        page = pages.graphiql if sign_in is None else pages.graphiql_with({"sign-in": "/sign-in"})
        routes += [
            Route("/", page),
            Route("/graphql", page),
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
        return pages.wants_page(scope["method"], accepted(scope), scope["query_string"])


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


def _desk(
    settings: Settings, store: SqliteStore | PostgresStore, place: Path | str, observers: Sequence[Observer]
) -> Desk:
    lifetimes = Lifetimes(
        access_seconds=settings.access_token_seconds,
        refresh_seconds=settings.refresh_token_seconds,
    )
    signing = signing_secrets(settings.secret, settings.secret_previous, place)
    keys = encryption_keys(settings.encryption_key, settings.encryption_key_previous, place)
    places = settings.hashings_at_once
    return Desk(
        store=store,
        tokens=Tokens(signing, lifetimes),
        passwords=Passwords(),
        hashing=Hashing(_hashing_threads(places), places),
        now=lambda: int(time.time()),
        now_ms=lambda: int(time.time() * 1000),
        new_session_id=lambda: secrets.token_urlsafe(16),
        random_bytes=secrets.token_bytes,
        hold_seconds=settings.hold_seconds,
        rotates=settings.refresh_rotation,
        wants_second_factor=settings.second_factor == "required",
        log_in_rate=_rate(settings_module.rate(settings.login_rate, "login_rate")),
        notice=lambda observation: tell(observers, observation),
        mails=bool(settings.smtp_url),
        keyring=Keyring(keys),
        request_id=current_request_id,
        offer_seconds=settings.offer_seconds,
    )


def _sign_in(
    settings: Settings, desk: Desk, place: Path | str, turnstile: Turnstile | None
) -> SignIn | None:
    """Sign-in with the practice's identity provider, where it has one: its libraries are loaded then."""
    if not settings.oidc_issuer:
        return None
    from sessional.provider.flow import Seals
    from sessional.provider.relying import Provider, Registration
    from sessional.web.sign_in import SignIn

    registration = Registration(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        redirect_url=settings.oidc_redirect_url,
        claim=settings.oidc_claim,
    )
    return SignIn(
        Provider(registration, clock=time.monotonic, now=desk.now),
        Seals(signing_secrets(settings.secret, settings.secret_previous, place)),
        desk,
        by_tls=settings.oidc_redirect_url.startswith("https:"),
        page=settings.signs_in_here,
        proxies=settings.trusted_proxies,
        turnstile=turnstile,
        new_text=lambda: secrets.token_urlsafe(32),
    )


def _rate(given: tuple[int, int] | None) -> Rate | None:
    return None if given is None else Rate(count=given[0], seconds=given[1])


def _hashing_threads(count: int) -> ThreadPoolExecutor:
    """Threads that give way: where the processors are busy, bookings come first."""

    def give_way() -> None:
        if sys.platform == "linux":  # elsewhere a thread has no niceness of its own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), HASHING_NICENESS)

    return ThreadPoolExecutor(count, thread_name_prefix="hashing", initializer=give_way)


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
            aliases=settings.document_aliases,
            directives=settings.document_directives,
            root_fields=settings.root_fields,
            introspection=settings.shows("introspection"),
            suggestions=settings.shows("suggestions"),
        ),
        deadline_seconds=settings.request_seconds,
        on_fault=on_fault,
    )


# ---- from start to stop -------------------------------------------------------------------------


@asynccontextmanager
async def _lifespan(
    settings: Settings,
    store: SqliteStore | PostgresStore,
    desk: Desk,
    observers: Sequence[Observer],
    sign_in: SignIn | None,
) -> AsyncIterator[None]:
    if isinstance(store, PostgresStore):
        await _open_postgres(settings, store, observers)
    shown = settings_module.shown("database", settings.database)
    tell(observers, ServiceStarted(database=shown))
    _settle_memory()
    chores = [
        asyncio.create_task(_forget(settings, desk, observers)),
        asyncio.create_task(_keep_record(desk, observers)),
        asyncio.create_task(_pass_on_offers(desk, observers)),
    ]
    try:
        async with _sending(settings, desk, observers):
            yield
    finally:
        for chore in chores:
            chore.cancel()
        await asyncio.gather(*chores, return_exceptions=True)
        with suppress(Exception):  # a database that is away has been told of; the next start goes on
            await asyncio.wait_for(_write_record(desk), SECONDS_FOR_LAST_SEAL)
        if sign_in is not None:
            await sign_in.close()
        await store.close()
        desk.hashing.close()
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


@asynccontextmanager
async def _sending(settings: Settings, desk: Desk, observers: Sequence[Observer]) -> AsyncIterator[None]:
    """Mail is sent meanwhile, where there is a mail server. Its libraries are loaded only then."""
    if not settings.smtp_url:
        yield
        return
    from sessional.outbox import post
    from sessional.outbox.sender import Sender, Told

    sender = Sender(
        desk.store,
        post.parse(settings.smtp_url),
        sender=settings.mail_from,
        leads=settings_module.reminder_leads(settings),
        now=desk.now,
        told=Told(
            warned=lambda text: tell(observers, Warned(message=text)),
            failed=lambda error: tell(observers, FaultHappened(request_id="", error=error)),
        ),
        keyring=desk.keyring,
    )
    running = asyncio.create_task(sender.run())
    try:
        yield
    finally:
        await sender.stop(running)


async def _forget(settings: Settings, desk: Desk, observers: Sequence[Observer]) -> None:
    """Forget idempotency keys that are older than promised, and sessions that have long ended, now and
    every hour."""
    while True:
        now = desk.now()
        for name, values in (
            ("forget_keys", {"before": now - settings.idempotency_hours * 3600}),
            ("forget_log_in_rates", {"before_ms": now * 1000}),
            ("forget_sessions", {"before": now - settings.access_token_seconds}),
        ):
            try:
                await desk.store.fetch(name, **values)
            except Exception as error:  # whatever it was, the others are still to be forgotten
                tell(observers, FaultHappened(request_id="", error=error))
        await asyncio.sleep(SECONDS_BETWEEN_FORGETTING)


async def _keep_record(desk: Desk, observers: Sequence[Observer]) -> None:
    """Write what was noticed, and link what was written, as long as the service runs.

    A database that is away is told of once: the requests that need it tell of it often enough.
    """
    well = True
    while True:
        await asyncio.sleep(SECONDS_BETWEEN_SEALS)
        try:
            await _write_record(desk)
            well = True
        except Exception as error:
            if well:
                tell(observers, FaultHappened(request_id="", error=error))
            well = False


async def _write_record(desk: Desk) -> None:
    await desk.notebook.write(desk.store, now=desk.now())
    await seal_all(desk.store)


async def _pass_on_offers(desk: Desk, observers: Sequence[Observer]) -> None:
    """Offers of the waitlist that have run out go to the next in turn, now and every half minute."""
    while True:
        try:
            await pass_on(desk)
        except Exception as error:  # whatever it was, the next offer is still to be passed on
            tell(observers, FaultHappened(request_id="", error=error))
        await asyncio.sleep(SECONDS_BETWEEN_PASSING_ON)
