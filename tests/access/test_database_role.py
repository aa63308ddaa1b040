"""On PostgreSQL the service does its work under the rights that the guide gives it, and those are few."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from sessional.credentials import Passwords
from tests.booking.books import Books
from tests.booking.in_process import started
from tests.diary_api.conftest import Practice
from tests.docs.pages import ROOT, blocks
from tests.support.api import LOG_IN
from tests.support.postgres import free_port

ROLE = "sessional_service"
TEN = "2031-02-03T10:00:00Z"


def grants() -> str:
    """What the page says."""
    (found,) = [
        b.text for b in blocks(ROOT / "docs/guide/running.md") if ROLE in b.text and b.info == "sql"
    ]
    return found


@pytest.fixture
async def owner(postgres_url: str) -> AsyncIterator[Books]:
    """A practice whose owner has said what the page says."""
    books = await Books(postgres_url).prepare()
    await books.run("UPDATE service SET horizon_days = 4000")
    connection = await asyncpg.connect(postgres_url)
    try:
        await connection.execute(grants())
        yield books
    finally:
        await connection.execute(f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")
        await connection.close()


@pytest.fixture
def service(owner: Books) -> Books:
    """The same database as the service's role sees it."""
    found = Books(owner.url.replace("postgres@", f"{ROLE}@"))
    assert found.url != owner.url
    return found


async def until(books: Books, sql: str) -> None:
    """Wait until a statement answers true."""
    for _ in range(200):
        if await books.value(sql):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(sql)


async def test_the_service_does_its_work_under_the_rights_that_the_guide_gives(
    owner: Books, service: Books
) -> None:
    """Log-in, booking, waitlist, holds, keys, erasing a client, mail and the linking of the record."""
    password_hash = Passwords().hash("a password")
    await owner.run("UPDATE account SET password_hash = $1 WHERE username = 'ann'", password_hash)
    therapist = await owner.therapist()
    mail = {"smtp_url": f"smtp://127.0.0.1:{free_port()}", "mail_from": "desk@example.org"}
    async with started(service.url, **mail) as client:
        practice = Practice(client, owner)
        assert (await client.get("/readyz")).status_code == 200
        tokens = (await practice.ask(LOG_IN, u="ann", p="a password"))["auth"]
        refresh = "mutation($t: String) { refresh(refreshToken: $t) { newToken } }"
        await practice.ask(refresh, t=tokens["refreshToken"])

        wish = {"therapistId": therapist, "startsAt": TEN, "service": "one-off"}
        who, waiting = [await _client(practice, name) for name in ("Nora", "Omar")]
        booked = {**wish, "clientIds": [who], "idempotencyKey": "k"}
        session = await practice.done("bookAppointment", booked, "appointment { appointmentId }")
        span = {"from": "2031-02-01T00:00:00Z", "until": "2031-03-01T00:00:00Z"}
        joining = {"clientId": waiting, "service": "one-off", "therapistIds": [str(therapist)], **span}
        entry = await practice.done("joinWaitlist", joining, "entry { waitlistEntryId }")
        number = session["appointment"]["appointmentId"]
        await practice.done("cancelAppointment", {"appointmentId": number, "by": "CLIENT"})
        accepted = {"waitlistEntryId": entry["entry"]["waitlistEntryId"]}
        await practice.done("acceptOffer", accepted)
        hold = await practice.done(
            "holdSlot", {**wish, "startsAt": "2031-02-04T10:00:00Z"}, "hold { holdId }"
        )
        await practice.done("releaseHold", {"holdId": hold["hold"]["holdId"]})
        hours = {
            "therapistId": therapist,
            "hours": [{"weekday": 1, "startsMinute": 540, "endsMinute": 900}],
        }
        await practice.done("setWorkingHours", hours)
        await practice.done("exportClient", {"clientId": waiting}, "export")
        await practice.done("eraseClient", {"clientId": waiting, "cancelFuture": True})
        await until(owner, "SELECT count(*) > 0 FROM outbox WHERE attempts > 0")
        await until(owner, "SELECT count(*) = 0 FROM audit_waiting")
    links = await owner.value("SELECT count(*) FROM audit_link")
    assert links == await owner.value("SELECT count(*) FROM audit_event") > 0


async def _client(practice: Practice, name: str) -> Any:
    given = {"name": name, "email": f"{name.lower()}@example.org"}
    return (await practice.done("addClient", given, "client { clientId }"))["client"]["clientId"]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (a int)",
        "DROP TABLE appointment",
        "ALTER TABLE appointment DROP CONSTRAINT appointment_overlap",
        "ALTER TABLE audit_event DISABLE TRIGGER ALL",
        "DROP TRIGGER audit_event_is_kept ON audit_event",
        "CREATE OR REPLACE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS ''",
        "CREATE ROLE another",
        "UPDATE audit_event SET username = 'nobody'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "UPDATE audit_link SET hash = ''",
        "DELETE FROM audit_link",
        "UPDATE audit_start SET position = 1",
        "UPDATE alembic_version SET version_num = '0001'",
        "SET session_replication_role = replica",
    ],
)
async def test_the_database_refuses_the_services_role(owner: Books, service: Books, statement: str) -> None:
    # The triggers refuse in the same words: it is the missing right that is to be seen here.
    await owner.run("ALTER TABLE audit_event DISABLE TRIGGER ALL")
    await owner.run("ALTER TABLE audit_link DISABLE TRIGGER ALL")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service.run(statement)
