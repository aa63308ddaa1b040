"""All that is held about a client is handed out as one document, and erased so that nothing finds it."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
import typer

from sessional.access import Actor, Role
from sessional.cli import users
from sessional.cli.client import client_erase, client_export
from sessional.cli.exchange import current, export_file, import_file
from sessional.cli.verify import findings
from sessional.credentials import Kind, Passwords
from sessional.errors import InvalidArgument, SessionalError
from sessional.keyring import Keyring
from sessional.store import address
from tests.booking import clients as booking_clients
from tests.booking.books import Books
from tests.booking.in_process import started
from tests.diary_api.conftest import Practice
from tests.record.conftest import last, newest
from tests.record.test_changes import booked, client
from tests.record.test_reads import read_entries
from tests.support.server import SECRET


def details(mark: str) -> dict[str, str]:
    """A mark stands in every text about a client that anybody can write; each test has one of its own."""
    return {"email": f"{mark}@example.org", "phone": mark, "language": "cy", "staffNotes": f"notes {mark}"}


SHOWN = "client { name email phone staffNotes } appointments { appointmentId status }"
PAST = 1_600_000_000


async def person(practice: Practice, therapist: int, mark: str) -> tuple[int, int]:
    """A client with all that can be held about one, and the number of a session that was."""
    number = await client(practice, f"Ann {mark}", **details(mark))
    books = practice.books
    past = await books.session(therapist, PAST)
    await books.run(
        "INSERT INTO appointment_client (appointment_id, client_id) VALUES ($1, $2)", past, number
    )
    cancelled = await booked(practice, therapist, "2031-02-03T10:00:00Z", clientIds=[number])
    given = {"appointmentId": cancelled, "by": "CLIENT", "reason": f"because {mark}"}
    await practice.done("cancelAppointment", given)
    care = {"therapistId": therapist, "clientId": number, "fromDate": "2020-01-01"}
    await practice.done("beginCare", care)
    waits = {
        "clientId": number,
        "service": "one-off",
        "from": "2031-01-01T00:00:00Z",
        "until": "2031-06-01T00:00:00Z",
    }
    await practice.done("joinWaitlist", waits, "entry { waitlistEntryId }")
    await account(books, number, mark)
    await notice(books, therapist, number, past)
    return number, past


async def notice(books: Books, therapist: int, number: int, session: int) -> None:
    """A mail that waits to be sent to the client."""
    await books.run(
        "INSERT INTO outbox (therapist_id, kind, client_id, appointment_id, sessions, created_at, next_at) "
        "VALUES ($1, 'BOOKED', $2, $3, '[]', 1, 4000000000)",
        therapist,
        number,
        session,
    )


async def account(books: Books, number: int, mark: str) -> int:
    """The client's own account, with a log-in and a change of its own."""
    account_id = int(
        await books.value(
            "INSERT INTO account (account_id, username, password_hash, role, client_id) "
            "VALUES ($1, $2, 'none', 'CLIENT', $3) RETURNING account_id",
            1000 + number,
            f"{mark} {number}",
            number,
        )
    )
    await books.run(
        "INSERT INTO log_in_session (sid, account_id, device, origin, refresh_hash, created_at, "
        "last_used_at, expires_at) VALUES ($1, $2, $3, '', '', 1, 1, 4000000000)",
        f"sid of {number}",
        account_id,
        f"phone of {mark}",
    )
    return account_id


def token(account_id: int, number: int, mark: str) -> str:
    actor = Actor(
        account_id=account_id, username=f"{mark} {number}", role=Role.CLIENT, session_id=f"sid of {number}"
    )
    return booking_clients._tokens.make(Kind.ACCESS, actor, now=int(time.time()))


async def everything(books: Books) -> str:
    """All rows of all tables."""
    if books.path is not None:
        names = await books.run("SELECT name FROM sqlite_master WHERE type = 'table'")
    else:
        names = await books.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return repr([await books.run(f'SELECT * FROM "{name}"') for (name,) in names])


# ---- the document -------------------------------------------------------------------------------


async def test_the_document_holds_all_that_is_held_about_the_client_and_nothing_of_others(
    practice: Practice, therapist: int
) -> None:
    mark = "zzmark1zz"
    number, past = await person(practice, therapist, mark)
    other = await client(practice, "Somebody Else", email="else@example.org")
    await booked(practice, therapist, "2031-02-04T10:00:00Z", clientIds=[other])
    before = await newest(practice.books)
    payload = await practice.done("exportClient", {"clientId": number}, "export")
    document = orjson.loads(payload["export"])
    assert document["format"] == "sessional-client-export/1"
    about = document["client"]
    assert (about["name"], about["email"], about["staffNotes"]) == (
        f"Ann {mark}",
        details(mark)["email"],
        details(mark)["staffNotes"],
    )
    assert document["sessions"][0]["appointmentId"] == past
    assert [s["cancelReason"] for s in document["sessions"]][-1] == f"because {mark}"
    assert [e["reason"] for e in document["history"]][-1] == f"because {mark}"
    assert [a["username"] for a in document["accounts"]] == [f"{mark} {number}"]
    assert [s["device"] for s in document["logIns"]] == [f"phone of {mark}"]
    assert [c["therapistId"] for c in document["care"]] == [therapist]
    assert [w["status"] for w in document["waitlist"]] == ["WAITING"]
    assert [n["kind"] for n in document["notices"]] == ["BOOKED"]
    assert {"addClient", "bookAppointment", "cancelAppointment"} <= {
        e["action"] for e in document["record"]
    }
    assert "else" not in payload["export"].lower()
    (entry,) = [e for e in await last(practice.books, before) if e["outcome"] == "DONE"]
    assert (entry["action"], entry["object_type"], entry["object_id"]) == ("exportClient", "Client", number)
    assert mark not in repr(entry)


async def test_of_a_session_with_others_the_document_tells_their_number_and_not_what_was_said(
    practice: Practice, therapist: int
) -> None:
    one, two = await client(practice, "One"), await client(practice, "Two")
    past = await practice.books.session(therapist, PAST)
    await practice.books.run("UPDATE appointment SET capacity = 2 WHERE appointment_id = $1", past)
    for number in (one, two):
        join = "INSERT INTO appointment_client (appointment_id, client_id) VALUES ($1, $2)"
        await practice.books.run(join, past, number)
    reason = "UPDATE appointment SET cancel_reason = 'Two is ill' WHERE appointment_id = $1"
    await practice.books.run(reason, past)
    account_id = await account(practice.books, two, "Two")
    await event(practice.books, past, account_id, "Two by name", "LEFT", "Two is ill")
    await event(practice.books, past, 1, "ann", "JOINED", None)
    payload = await practice.done("exportClient", {"clientId": one}, "export")
    document = orjson.loads(payload["export"])
    (session,) = document["sessions"]
    assert (session["othersTakingPart"], session["cancelReason"]) == (1, None)
    assert [(e["by"], e["change"], e["reason"]) for e in document["history"]] == [
        (None, "LEFT", None),
        ("ann", "JOINED", None),
    ]
    assert "Two" not in payload["export"]


async def event(
    books: Books, session: int, account_id: int, name: str, change: str, reason: str | None
) -> None:
    """A line of a session's history."""
    await books.run(
        "INSERT INTO appointment_event (account_id, username, change, reason, therapist_id, "
        "appointment_id, version, happened_at, status, starts_at, ends_at) "
        "SELECT CAST($1 AS bigint), $2, $3, $4, therapist_id, "
        "appointment_id, version, 1, status, starts_at, ends_at FROM appointment WHERE appointment_id = $5",
        account_id,
        name,
        change,
        reason,
        session,
    )


async def group(practice: Practice, therapist: int, *members: int) -> int:
    """A session ahead with places for all and one more."""
    session = await booked(practice, therapist, "2031-03-03T10:00:00Z")
    places = "UPDATE appointment SET capacity = $1 WHERE appointment_id = $2"
    await practice.books.run(places, len(members) + 1, session)
    await practice.done("joinAppointment", {"appointmentId": session, "clientIds": list(members)})
    return session


async def test_who_has_read_of_the_client_and_which_group_the_client_left_is_in_the_document(
    practice: Practice, therapist: int
) -> None:
    one, two = await client(practice, "One"), await client(practice, "Two")
    await asyncio.sleep(1.2)  # what was read so far is written
    before = await newest(practice.books)
    await practice.ask("query Both { clients(last: 2) { edges { node { name } } } }")
    await read_entries(practice, before)
    session = await group(practice, therapist, one, two)
    gone = {"appointmentId": session, "clientId": one, "by": "PRACTICE"}
    await practice.done("leaveAppointment", gone)
    payload = await practice.done("exportClient", {"clientId": one}, "export")
    document = orjson.loads(payload["export"])
    assert document["sessions"] == []
    told = [(e["action"], e["objectId"], e["outcome"]) for e in document["record"]]
    assert ("clients (Both)", None, "READ") in told
    assert ("leaveAppointment", session, "DONE") in told
    assert "clientIds" not in payload["export"]


async def test_a_time_that_is_kept_for_the_client_is_in_the_document_and_given_back_with_the_erasure(
    practice: Practice, therapist: int
) -> None:
    number = await client(practice, "Holds")
    account_id = await account(practice.books, number, "holds")
    await practice.books.run(
        "INSERT INTO appointment "
        "(therapist_id, service_code, starts_at, ends_at, status, held_until, held_by) "
        "VALUES ($1, 'one-off', 1927879200, 1927882800, 'HELD', 4000000000, $2)",
        therapist,
        account_id,
    )
    payload = await practice.done("exportClient", {"clientId": number}, "export")
    (held,) = orjson.loads(payload["export"])["holds"]
    assert (held["startsAt"], held["holdEndsAt"]) == ("2031-02-03T10:00:00Z", "2096-10-02T07:06:40Z")
    await practice.done("eraseClient", {"clientId": number})
    assert await practice.books.diary(therapist) == []


async def test_whose_data_there_is_none_is_not_exported_and_not_erased(practice: Practice) -> None:
    for field in ("exportClient", "eraseClient"):
        payload = await practice.do(field, {"clientId": 999_999})
        assert [error["code"] for error in payload["errors"]] == ["NOT_FOUND"]


# ---- erasing ------------------------------------------------------------------------------------


async def test_after_erasing_no_table_holds_a_word_about_the_client_and_sessions_stay_as_facts(
    practice: Practice, therapist: int
) -> None:
    mark = "zzmark4zz"
    number, _ = await person(practice, therapist, mark)
    assert mark in await everything(practice.books)
    before = await newest(practice.books)
    payload = await practice.done("eraseClient", {"clientId": number}, SHOWN)
    assert payload["client"] == {
        "name": f"Erased client {number}",
        "email": None,
        "phone": None,
        "staffNotes": None,
    }
    assert mark not in await everything(practice.books)
    kept = "SELECT a.starts_at, a.status FROM appointment a JOIN appointment_client c "
    kept += "ON c.appointment_id = a.appointment_id WHERE c.client_id = $1 ORDER BY a.starts_at"
    assert await practice.books.run(kept, number) == [(PAST, "BOOKED"), (1_927_879_200, "CANCELLED")]
    waiting = "SELECT status FROM waitlist_entry WHERE client_id = $1"
    assert await practice.books.value(waiting, number) == "LEFT"
    entries = [e for e in await last(practice.books, before) if e["object_type"] == "Client"]
    done = [e for e in entries if e["outcome"] == "DONE"]
    assert [(e["action"], e["object_id"]) for e in done] == [("eraseClient", number)]
    assert await findings(address.parse(practice.books.url), Keyring([SECRET])) == 0


async def test_what_a_client_did_under_the_own_account_is_on_record_without_the_name(
    practice: Practice, therapist: int
) -> None:
    mark = "zzmark5zz"
    number = await client(practice, "With an account")
    account_id = await account(practice.books, number, mark)
    session = await booked(practice, therapist, "2031-02-03T10:00:00Z", clientIds=[number])
    mine = {"Authorization": f"Bearer {token(account_id, number, mark)}"}
    cancel = (
        f"mutation {{ cancelAppointment(input: {{appointmentId: {session}, by: CLIENT}}) "
        "{ appointment { status } errors { __typename } } }"
    )
    answer = (await practice.client.post("/graphql", json={"query": cancel}, headers=mine)).json()
    assert answer["data"]["cancelAppointment"]["errors"] == []
    book = (
        f'mutation {{ bookAppointment(input: {{therapistId: {therapist}, service: "one-off", '
        'startsAt: "2031-02-10T10:00:00Z"}) { appointment { appointmentId } errors { __typename } } }'
    )
    await practice.client.post("/graphql", json={"query": book}, headers=mine)
    await practice.client.post("/graphql", json={"query": "{ auditEvents { totalCount } }"}, headers=mine)
    await practice.done("eraseClient", {"clientId": number, "cancelFuture": True})
    answer = (await practice.client.post("/graphql", json={"query": cancel}, headers=mine)).json()
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert mark not in await everything(practice.books)
    by = "SELECT DISTINCT username FROM audit_event WHERE account_id = $1"
    assert await practice.books.run(by, account_id) == [(f"(account {account_id})",)]


async def test_a_client_with_sessions_ahead_is_erased_only_where_they_are_to_be_ended(
    practice: Practice, therapist: int
) -> None:
    mark = "zzmark6zz"
    number = await client(practice, f"Ahead {mark}")
    session = await booked(practice, therapist, "2031-03-03T10:00:00Z", clientIds=[number])
    given = {"clientId": number}
    payload = await practice.do("eraseClient", given, SHOWN)
    assert [error["code"] for error in payload["errors"]] == ["SESSIONS_AHEAD"]
    assert payload["client"] is None
    name = "SELECT name FROM client WHERE client_id = $1"
    assert await practice.books.value(name, number) == f"Ahead {mark}"
    payload = await practice.done("eraseClient", {**given, "cancelFuture": True}, SHOWN)
    assert payload["appointments"] == [{"appointmentId": str(session), "status": "CANCELLED"}]
    again = await practice.done("eraseClient", given, SHOWN)
    assert again["client"]["name"] == f"Erased client {number}"
    assert again["appointments"] == []


async def test_a_group_goes_on_without_the_client_who_is_erased(practice: Practice, therapist: int) -> None:
    one, two = await client(practice, "One"), await client(practice, "Two")
    session = await booked(practice, therapist, "2031-03-03T10:00:00Z")
    await practice.books.run("UPDATE appointment SET capacity = 2 WHERE appointment_id = $1", session)
    for number in (one, two):
        join = "INSERT INTO appointment_client (appointment_id, client_id) VALUES ($1, $2)"
        await practice.books.run(join, session, number)
    given = {"clientId": one, "cancelFuture": True}
    payload = await practice.done("eraseClient", given, SHOWN)
    assert payload["appointments"] == [{"appointmentId": str(session), "status": "BOOKED"}]
    members = "SELECT client_id FROM appointment_client WHERE appointment_id = $1"
    assert await practice.books.run(members, session) == [(two,)]


async def test_of_a_group_that_the_client_has_left_no_word_about_the_client_stays(
    practice: Practice, therapist: int
) -> None:
    one, two = await client(practice, "One"), await client(practice, "Two")
    session = await group(practice, therapist, one, two)
    for number, reason in ((one, "zzmark11zz moves away"), (two, "the other is too far away")):
        gone = {"appointmentId": session, "clientId": number, "by": "PRACTICE", "reason": reason}
        await practice.done("leaveAppointment", gone)
        if number == one:
            await practice.done("joinAppointment", {"appointmentId": session, "clientIds": [number]})
            await practice.done("leaveAppointment", {**gone, "reason": "zzmark11zz has moved"})
    own = await account(practice.books, one, "one")
    elsewhere = await practice.books.session(therapist, PAST)
    await event(practice.books, elsewhere, own, "one", "LEFT", "zzmark11zz did not like it")
    await practice.done("eraseClient", {"clientId": one})
    assert "zzmark11zz" not in await everything(practice.books)


async def test_a_late_retry_does_not_bring_back_who_was_erased_and_its_key_holds_nothing_to_guess_from(
    practice: Practice,
) -> None:
    given = {"name": "Ann Retried", "email": "retried@example.org", "idempotencyKey": "late retry"}
    payload = await practice.done("addClient", given, "client { clientId }")
    number = int(payload["client"]["clientId"])
    await practice.done("eraseClient", {"clientId": number, "idempotencyKey": "the erasure"})
    hashes = "SELECT input_hash FROM idempotency_key WHERE key = $1"
    assert await practice.books.value(hashes, "late retry") == ""
    again = await practice.do("addClient", given)
    assert [error["code"] for error in again["errors"]] == ["IDEMPOTENCY_KEY_REUSED"]
    assert not await practice.books.run("SELECT 1 FROM client WHERE name = 'Ann Retried'")
    erased = {"clientId": number, "idempotencyKey": "the erasure"}
    again = await practice.done("eraseClient", erased, "client { name }")
    assert (again["replayed"], again["client"]["name"]) == (True, f"Erased client {number}")


async def test_what_others_sent_about_the_sessions_of_who_was_erased_holds_nothing_to_guess_from(
    practice: Practice, therapist: int
) -> None:
    """A reason that staff wrote is in the hash of what they sent."""
    number, other = await client(practice, "Cid Guessed"), await client(practice, "Dan Stays")
    keys = []
    for who, at in ((number, "2031-03-04T10:00:00Z"), (other, "2031-03-05T10:00:00Z")):
        session = await booked(practice, therapist, at, clientIds=[who])
        given = {"appointmentId": session, "by": "PRACTICE", "reason": "a relapse"}
        keys.append(f"cancelled {session}")
        await practice.done("cancelAppointment", {**given, "idempotencyKey": keys[-1]})
    await practice.done("eraseClient", {"clientId": number})
    hashes = "SELECT input_hash FROM idempotency_key WHERE key = $1"
    assert await practice.books.value(hashes, keys[0]) == ""
    assert await practice.books.value(hashes, keys[1]) != ""


async def test_who_was_erased_gets_no_account_any_more(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could not be erased once more."""
    number = await client(practice, "Eli Erased")
    await practice.done("eraseClient", {"clientId": number})
    monkeypatch.setattr(users, "_new_password", lambda from_stdin: "a long password")
    add = partial(users.user_add, f"eli{number}", Role.CLIENT, None, number, False, practice.books.url)
    with pytest.raises(Exception, match="There is no client"):
        await asyncio.to_thread(add)
    accounts = "SELECT 1 FROM account WHERE client_id = $1"
    assert await practice.books.run(accounts, number) == []


async def test_neither_password_nor_refresh_token_opens_the_account_of_who_was_erased(
    practice: Practice,
) -> None:
    number = await client(practice, "Logs in")
    await account(practice.books, number, "login")
    name, password = f"login {number}", "a password of one's own"
    hashed = Passwords().hash(password)
    await practice.books.run("UPDATE account SET password_hash = $1 WHERE username = $2", hashed, name)
    ask = f'mutation {{ auth(username: "{name}", password: "{password}") {{ refreshToken }} }}'
    refresh_token = (await practice.ask(ask))["auth"]["refreshToken"]
    await practice.done("eraseClient", {"clientId": number})
    answer = await practice.answer(
        f'mutation {{ refresh(refreshToken: "{refresh_token}") {{ newToken }} }}'
    )
    assert answer["data"]["refresh"] is None
    answer = await practice.answer(ask)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_CREDENTIALS"


async def test_an_export_after_an_erasure_makes_the_same_practice_again_and_nobody_comes_back(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SESSIONAL_ENCRYPTION_KEY", SECRET)
    books = await Books(database_url).prepare()
    async with started(books.url) as http:
        practice = Practice(http, books)
        therapist = await books.therapist()
        number, _ = await person(practice, therapist, "zzmark12zz")
        await practice.done("eraseClient", {"clientId": number})
    await books.run("UPDATE account SET password_hash = $1", Passwords().hash("anything at all"))
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    empty = f"sqlite:///{tmp_path}/again.db"
    await asyncio.to_thread(export_file, str(first), books.url)
    assert b"zzmark12zz" not in first.read_bytes()
    await asyncio.to_thread(import_file, str(first), empty)
    await asyncio.to_thread(export_file, str(second), empty)
    assert second.read_bytes() == first.read_bytes()
    again = Books(empty)
    async with started(again.url) as http:
        payload = await Practice(http, again).do("changeClient", {"clientId": number, "name": "Back"})
    assert [error["code"] for error in payload["errors"]] == ["NOT_FOUND"]


async def test_who_was_erased_is_not_booked_changed_or_cared_for_again(
    practice: Practice, therapist: int
) -> None:
    number = await client(practice, "Gone")
    await practice.done("eraseClient", {"clientId": number})
    start = {"therapistId": therapist, "startsAt": "2031-02-03T10:00:00Z", "service": "one-off"}
    waits = {
        "clientId": number,
        "service": "one-off",
        "from": "2031-01-01T00:00:00Z",
        "until": "2031-06-01T00:00:00Z",
    }
    refused: dict[str, Any] = {
        "bookAppointment": {**start, "clientIds": [number]},
        "changeClient": {"clientId": number, "name": "Back"},
        "beginCare": {"therapistId": therapist, "clientId": number, "fromDate": "2031-01-01"},
        "joinWaitlist": waits,
    }
    for field, given in refused.items():
        payload = await practice.do(field, given)
        assert [error["code"] for error in payload["errors"]] == ["NOT_FOUND"], field


async def test_a_booking_that_comes_while_a_client_is_erased_is_refused_or_ended_and_never_kept(
    practice: Practice, therapist: int
) -> None:
    number = await client(practice, "Hurried")
    start = {"therapistId": therapist, "service": "one-off", "clientIds": [number]}
    given = {"clientId": number, "cancelFuture": True}
    await asyncio.gather(
        *(
            practice.do("bookAppointment", {**start, "startsAt": f"2031-02-{day:02}T10:00:00Z"})
            for day in range(3, 9)
        ),
        practice.do("eraseClient", given),
        *(
            practice.do("bookAppointment", {**start, "startsAt": f"2031-02-{day:02}T10:00:00Z"})
            for day in range(13, 19)
        ),
    )
    ahead = "SELECT count(*) FROM appointment_client WHERE client_id = $1 AND blocks <> $2"
    no: Any = False if practice.books.path is None else 0
    assert await practice.books.value(ahead, number, no) == 0


async def test_what_is_encrypted_is_exported_in_clear_and_erased_also_by_who_has_no_key(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = await Books(database_url).prepare()
    async with started(books.url) as http:
        number = await client(Practice(http, books), "Sealed", **details("zzmark13zz"))
    sealed = "SELECT email, phone, staff_notes FROM client WHERE client_id = $1"
    (stored,) = await books.run(sealed, number)
    assert all(text.startswith("sealed:1:") for text in stored)
    with pytest.raises(SessionalError, match="a key that is not here"):
        await asyncio.to_thread(client_export, number, str(tmp_path / "none.json"), books.url)
    assert not (tmp_path / "none.json").exists()
    monkeypatch.setenv("SESSIONAL_ENCRYPTION_KEY", SECRET)
    file = tmp_path / "client.json"
    await asyncio.to_thread(client_export, number, str(file), books.url)
    assert details("zzmark13zz").items() <= orjson.loads(file.read_bytes())["client"].items()
    monkeypatch.delenv("SESSIONAL_ENCRYPTION_KEY")
    await asyncio.to_thread(client_erase, number, True, False, books.url)
    assert await books.run(sealed, number) == [(None, None, None)]
    assert "sealed:1:" not in await everything(books)


# ---- at the command line, and in the file ---------------------------------------------------------


async def test_the_commands_export_and_erase_and_the_file_itself_holds_nothing_any_more(
    database_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SESSIONAL_ENCRYPTION_KEY", SECRET)
    mark = "zzmark10zz"
    books = await Books(database_url).prepare()
    async with started(books.url) as http:
        practice = Practice(http, books)
        therapist = await books.therapist()
        number, _ = await person(practice, therapist, mark)
        await booked(practice, therapist, "2031-03-03T10:00:00Z", clientIds=[number])
    if books.path is not None:
        assert mark.encode() in _bytes(books.path)
    file = tmp_path / "client.json"
    await asyncio.to_thread(client_export, number, str(file), books.url)
    assert orjson.loads(file.read_bytes())["client"]["email"] == details(mark)["email"]
    with pytest.raises(InvalidArgument, match="1 session ahead"):
        await asyncio.to_thread(client_erase, number, True, False, books.url)
    await asyncio.to_thread(client_erase, number, True, True, books.url)
    assert f"Client {number} is erased." in capsys.readouterr().out
    assert mark not in await everything(books)
    if books.path is not None:
        assert mark.encode() not in _bytes(books.path)
    done = [e for e in await last(books) if e["role"] == "OPERATOR"]
    assert {e["action"] for e in done} == {"client export", "client erase"}
    try:
        await asyncio.to_thread(_sound, books)
    except typer.Exit:
        raise AssertionError(capsys.readouterr().out) from None


def _bytes(path: Path) -> bytes:
    """The database's file and those beside it that SQLite keeps."""
    return b"".join(
        each.read_bytes() for each in sorted(path.parent.glob(f"{path.name}*")) if each.is_file()
    )


def _sound(books: Books) -> None:
    assert asyncio.run(findings(current(books.url), Keyring([SECRET]))) == 0
