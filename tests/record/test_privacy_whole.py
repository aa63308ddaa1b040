"""The document about a client is whole and about nobody else; an erasure leaves others alone."""

from __future__ import annotations

import time
from datetime import date, datetime
from typing import Any, Final

import orjson
import pytest

from tests.booking.books import Books
from tests.booking.in_process import started
from tests.diary_api.conftest import Practice
from tests.record.test_changes import booked, client
from tests.record.test_privacy import PAST, account, details, event, notice

WAITING: Final = (
    "SELECT status, time_zone, from_minute, until_minute, weekdays, specialisms, therapist_ids, declined "
    "FROM waitlist_entry WHERE client_id = $1"
)


class Person:
    """A client with one of everything that can be held about one, under a mark of their own."""

    def __init__(self, practice: Practice, mark: str) -> None:
        self.practice, self.books, self.mark = practice, practice.books, mark

    async def settle(self) -> Person:
        given = {**details(self.mark), "timeZone": "Europe/Madrid"}
        self.therapist = await self.books.therapist()
        self.number = await client(self.practice, f"Ann {self.mark}", **given)
        self.account = await account(self.books, self.number, self.mark)
        self.past = await self.books.session(self.therapist, PAST)
        await self._join(self.past)
        cancelled = await booked(
            self.practice, self.therapist, "2031-02-03T10:00:00Z", clientIds=[self.number]
        )
        why = {"by": "CLIENT", "reason": f"because {self.mark}", "reasonCode": "CLIENT_REQUEST"}
        await self.practice.done("cancelAppointment", {"appointmentId": cancelled, **why})
        await self._care("2020-01-01", None)
        await self._wait()
        await notice(self.books, self.therapist, self.number, self.past)
        await self._hold()
        await self._elsewhere()
        await self._on_record()
        return self

    async def _join(self, session: int) -> None:
        join = "INSERT INTO appointment_client (appointment_id, client_id) VALUES ($1, $2)"
        await self.books.run(join, session, self.number)

    async def _care(self, from_date: str, until_date: str | None) -> int:
        given = {"therapistId": self.therapist, "clientId": self.number, "fromDate": from_date}
        care = (await self.practice.done("beginCare", given, "careRelationship { careRelationshipId }"))[
            "careRelationship"
        ]
        number = int(care["careRelationshipId"])
        if until_date is not None:
            await self.practice.done("endCare", {"careRelationshipId": number, "untilDate": until_date})
        return number

    async def _wait(self) -> None:
        given = {
            "clientId": self.number,
            "service": "one-off",
            "from": "2031-01-01T00:00:00Z",
            "until": "2031-06-01T00:00:00Z",
            "weekdays": [1, 3],
            "timeZone": "Europe/Madrid",
            "timeOfDay": {"fromMinute": 540, "untilMinute": 720},
            "therapistIds": [self.therapist],
        }
        await self.practice.done("joinWaitlist", given)
        more = "UPDATE waitlist_entry SET declined = '[[1,2,3]]', specialisms = '[7]' WHERE client_id = $1"
        await self.books.run(more, self.number)

    async def _hold(self) -> None:
        await self.books.run(
            "INSERT INTO appointment "
            "(therapist_id, service_code, starts_at, ends_at, status, held_until, held_by) "
            "VALUES ($1, 'one-off', 1950000000, 1950003600, 'HELD', 4000000000, $2)",
            self.therapist,
            self.account,
        )

    async def _elsewhere(self) -> None:
        """The client has left a group, by the own account, for a reason."""
        left = await self.books.session(self.therapist, PAST + 86_400)
        await self.books.run("UPDATE appointment SET capacity = 8 WHERE appointment_id = $1", left)
        await event(self.books, left, self.account, self.mark, "LEFT", f"left {self.mark}")

    async def _on_record(self) -> None:
        columns = (
            "happened_at, account_id, username, role, action, object_type, object_id, outcome, request_id"
        )
        for by, role, action in ((self.account, "CLIENT", "logout"), (1, "ADMIN", "set-role")):
            await self.books.run(
                f"INSERT INTO audit_event ({columns}) VALUES (1, $1, $2, $3, $4, $5, $6, 'DONE', '')",
                by,
                f"(account {by})",
                role,
                action,
                "Account" if role == "ADMIN" else "Session",
                self.account,
            )

    async def document(self) -> tuple[str, dict[str, Any]]:
        payload = await self.practice.done("exportClient", {"clientId": self.number}, "export")
        return payload["export"], orjson.loads(payload["export"])


async def test_the_document_has_one_of_everything_that_is_held_and_nothing_of_anybody_else(
    practice: Practice,
) -> None:
    began = int(time.time())
    one, other = await Person(practice, "zzone").settle(), await Person(practice, "zzother").settle()
    text, document = await one.document()
    assert "zzother" not in text
    counts = {part: len(value) for part, value in document.items() if isinstance(value, list)}
    assert counts.pop("record") > 0
    assert counts == {
        "accounts": 1,
        "logIns": 1,
        "care": 1,
        "sessions": 2,
        "history": 3,
        "waitlist": 1,
        "holds": 1,
        "notices": 1,
    }
    assert (document["client"]["timeZone"], document["client"]["language"]) == ("Europe/Madrid", "cy")
    assert datetime.fromisoformat(document["exportedAt"]).timestamp() >= began
    assert datetime.fromisoformat(document["client"]["addedAt"]).timestamp() >= began
    (waits,) = document["waitlist"]
    assert (waits["weekdays"], waits["declined"]) == ([1, 3], [[1, 2, 3]])
    assert waits["therapistIds"] == [int(one.therapist)]
    assert [session["cancelledLate"] for session in document["sessions"]][-1] is False
    told = {(entry["objectType"], entry["action"]) for entry in document["record"]}
    assert {
        ("Client", "addClient"),
        ("Appointment", "bookAppointment"),
        ("CareRelationship", "beginCare"),
        ("WaitlistEntry", "joinWaitlist"),
        ("Session", "logout"),
        ("Account", "set-role"),
    } <= told
    about = {e["objectId"]: e["outcome"] for e in document["record"] if e["objectType"] == "Client"}
    # What was read within one second stands in one entry, of several clients under nobody's number.
    assert about.pop(None, "READ") == "READ"
    assert set(about) == {one.number}
    (left,) = [line for line in document["history"] if line["change"] == "LEFT"]
    assert (left["by"], left["reason"]) == ("zzone", "left zzone")
    assert other.number != one.number


async def test_an_erasure_leaves_nothing_of_the_client_and_everything_of_everybody_else(
    practice: Practice,
) -> None:
    one, other = await Person(practice, "zzgone").settle(), await Person(practice, "zzstays").settle()
    number = one.number
    await _more_care(practice, one)
    key = (
        "INSERT INTO idempotency_key (account_id, key, input_hash, therapist_id, appointment_id, "
        "created_at, outcome) VALUES ($1, $2, 'a hash', 0, 0, 1, $3)"
    )
    alike = f'{{"client":{{"$ref":["Client",{number}0]}}}}'
    await practice.books.run(key, one.account, "own", "{}")
    await practice.books.run(key, 1, f"of {number}0", alike)
    _, before = await other.document()
    await practice.done("eraseClient", {"clientId": number})
    _, after = await other.document()
    for document in (before, after):
        document.pop("exportedAt")
        document.pop("record")
    assert after == before
    books = practice.books
    assert await books.run("SELECT 1 FROM outbox WHERE client_id = $1", number) == []
    assert await books.run("SELECT 1 FROM idempotency_key WHERE account_id = $1", one.account) == []
    kept = "SELECT input_hash FROM idempotency_key WHERE key = $1"
    assert await books.value(kept, f"of {number}0") == "a hash"
    assert await books.run(WAITING, number) == [("LEFT", None, None, None, *["[]"] * 4)]
    today = date.today().isoformat()
    care = "SELECT from_date, until_date FROM care_relationship WHERE client_id = $1 ORDER BY from_date"
    assert await books.run(care, number) == [
        ("2019-01-01", "2019-02-01"),
        ("2020-01-01", today),
        ("2021-01-01", today),
        ("2098-01-01", "2098-01-01"),
    ]
    row = "SELECT email, phone, time_zone, language, staff_notes FROM client WHERE client_id = $1"
    assert await books.run(row, number) == [(None,) * 5]


async def _more_care(practice: Practice, one: Person) -> list[int]:
    """Care that has ended, care that is to end, and care that is to begin."""
    add = (
        "INSERT INTO care_relationship (therapist_id, client_id, from_date, until_date) "
        "VALUES ($1, $2, $3, $4) RETURNING care_relationship_id"
    )
    spans = [("2019-01-01", "2019-02-01"), ("2021-01-01", "2097-01-01"), ("2098-01-01", None)]
    return [
        await practice.books.value(add, await practice.books.therapist(), one.number, *span)
        for span in spans
    ]


async def test_who_is_erased_already_stays_as_erased_then(practice: Practice) -> None:
    number = await client(practice, "Twice")
    await practice.done("eraseClient", {"clientId": number})
    await practice.books.run("UPDATE client SET erased_at = 5 WHERE client_id = $1", number)
    await practice.done("eraseClient", {"clientId": number})
    erased_at = "SELECT erased_at FROM client WHERE client_id = $1"
    assert await practice.books.value(erased_at, number) == 5


@pytest.mark.parametrize("status", ["PROPOSED", "PENDING", "BOOKED", "ARRIVED"])
async def test_a_session_ahead_that_is_not_confirmed_yet_keeps_a_client_too(
    practice: Practice, therapist: int, status: str
) -> None:
    number = await client(practice, "Asked")
    session = await booked(practice, therapist, "2031-03-03T10:00:00Z", clientIds=[number])
    state = "UPDATE appointment SET status = $1 WHERE appointment_id = $2"
    await practice.books.run(state, status, session)
    payload = await practice.do("eraseClient", {"clientId": number})
    assert [error["code"] for error in payload["errors"]] == ["SESSIONS_AHEAD"]


async def test_whoever_is_erased_is_written_no_mail_about_what_is_ended(diary_books: Books) -> None:
    nowhere = {"smtp_url": "smtp://127.0.0.1:9", "mail_from": "practice@example.org"}
    async with started(diary_books.url, **nowhere) as http:
        practice = Practice(http, diary_books)
        number = await client(practice, "Silent", email="silent@example.org")
        therapist = await diary_books.therapist()
        await booked(practice, therapist, "2031-03-03T10:00:00Z", clientIds=[number])
        told = "SELECT kind FROM outbox WHERE client_id = $1"
        assert await diary_books.run(told, number) == [("BOOKED",)]
        await practice.done("eraseClient", {"clientId": number, "cancelFuture": True})
        assert await diary_books.run(told, number) == []
