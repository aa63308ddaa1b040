"""What the API is told of clients lies encrypted in the database, and is answered in clear."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from sessional.cli.reencrypt import encrypt_all
from sessional.keyring import Keyring
from sessional.store import address
from tests.booking.books import Books
from tests.booking.in_process import started
from tests.diary_api.conftest import Practice
from tests.record.conftest import last, newest
from tests.support.server import SECRET

NEWER = "another key for the tests alone, 32 bytes or more"

FIELDS = "clientId email phone staffNotes"
SAID = {"email": "dora@example.org", "phone": "+34 600", "staffNotes": 'Says "no" \\ often.\n\u0004ü'}


async def added(practice: Practice, name: str = "Dora Shut") -> dict[str, str]:
    done = await practice.ask(
        f"mutation M($i: AddClientInput!) {{ addClient(input: $i) {{ client {{ {FIELDS} }} }} }}",
        i={"name": name, **SAID},
    )
    client: dict[str, str] = done["addClient"]["client"]
    return client


async def stored(practice: Practice, client_id: str) -> tuple[str, ...]:
    sql = "SELECT email, phone, staff_notes FROM client WHERE client_id = $1"
    return tuple((await practice.books.run(sql, int(client_id)))[0])


async def test_what_is_added_and_changed_is_stored_encrypted_and_answered_in_clear(
    practice: Practice,
) -> None:
    client = await added(practice)
    client_id = client.pop("clientId")
    assert client == SAID
    before = await stored(practice, client_id)
    assert all(text.startswith("sealed:1:") for text in before)
    await practice.ask(
        "mutation M($i: ChangeClientInput!) { changeClient(input: $i) { client { email } } }",
        i={"clientId": client_id, "phone": "+34 700"},
    )
    email, phone, notes = await stored(practice, client_id)
    assert (email, notes) == (before[0], before[2])
    assert phone.startswith("sealed:1:")
    assert phone != before[1]
    found = await practice.ask(
        'query { clients(filters: {name: "dora shut"}) { edges { node { a: email phone staffNotes } } } }'
    )
    nodes = [edge["node"] for edge in found["clients"]["edges"]]
    said = {"a": SAID["email"], "phone": "+34 700", "staffNotes": SAID["staffNotes"]}
    assert said in nodes
    assert (
        await practice.books.value("SELECT count(*) FROM audit_event WHERE state_after LIKE '%sealed:%'")
        == 0
    )


@dataclass(frozen=True)
class Locked:
    """A client of whose texts the running service has no key, and one of another whose key it has."""

    practice: Practice
    lost: int
    fresh: int

    def unreadable(self, answer: Any, path: list[str | int]) -> bool:
        """Whether an answer has this error alone."""
        (error,) = answer["errors"]
        return error["path"] == path and error["extensions"] == {"code": "UNREADABLE"}


@pytest.fixture
async def locked(diary_books: Books) -> AsyncIterator[Locked]:
    async with started(diary_books.url) as client:
        lost = (await added(Practice(client, diary_books), "Lost"))["clientId"]
    async with started(diary_books.url, encryption_key=NEWER) as client:
        practice = Practice(client, diary_books)
        fresh = (await added(practice, "Fresh"))["clientId"]
        yield Locked(practice, int(lost), int(fresh))


async def test_a_text_that_no_key_opens_is_null_with_a_code_and_the_rest_of_the_page_is_there(
    locked: Locked,
) -> None:
    answer = await locked.practice.answer(
        "query { clients(last: 2) { edges { node { name email } } } c: clients(last: 1) { totalCount } }"
    )
    assert locked.unreadable(answer, ["clients", "edges", 0, "node", "email"])
    assert [edge["node"] for edge in answer["data"]["clients"]["edges"]] == [
        {"name": "Lost", "email": None},
        {"name": "Fresh", "email": SAID["email"]},
    ]
    assert answer["data"]["c"]["totalCount"] > 0


async def test_a_change_whose_payload_wants_such_a_text_stands_and_says_so_again_when_it_is_retried(
    locked: Locked,
) -> None:
    change = (
        "mutation M($i: ChangeClientInput!) { changeClient(input: $i) "
        "{ client { name phone } replayed errors { __typename } } }"
    )
    given = {"clientId": locked.lost, "name": "Found", "idempotencyKey": f"change {locked.lost}"}
    for replayed in (False, True):
        answer = await locked.practice.answer(change, {"i": given})
        assert locked.unreadable(answer, ["changeClient", "client", "phone"])
        client = {"name": "Found", "phone": None}
        done = {"client": client, "replayed": replayed, "errors": []}
        assert answer["data"] == {"changeClient": done}


async def test_a_booking_whose_payload_wants_such_a_text_is_booked_and_answered(
    locked: Locked,
) -> None:
    therapist = await locked.practice.books.therapist()
    book = (
        "mutation B($i: BookAppointmentInput!) { bookAppointment(input: $i) { "
        "appointment { appointmentId } a: appointment { clients { edges { node { email } } } } "
        "replayed errors { __typename } } }"
    )
    given = {
        "therapistId": therapist,
        "service": "one-off",
        "startsAt": "2031-02-03T10:00:00Z",
        "clientIds": [locked.lost],
        "idempotencyKey": f"book {locked.lost}",
    }
    for replayed in (False, True):
        answer = await locked.practice.answer(book, {"i": given})
        path: list[str | int] = ["bookAppointment", "a", "clients", "edges", 0, "node", "email"]
        assert locked.unreadable(answer, path)
        payload = answer["data"]["bookAppointment"]
        assert payload["a"] == {"clients": {"edges": [{"node": {"email": None}}]}}
        assert (payload["replayed"], payload["errors"]) == (replayed, [])
        assert [int(payload["appointment"]["appointmentId"])] == [
            row[0]
            for row in await locked.practice.books.run(
                "SELECT appointment_id FROM appointment WHERE therapist_id = $1", therapist
            )
        ]


@pytest.mark.parametrize("email", ["new@example.org", None, ""])
async def test_what_no_key_opens_is_neither_written_over_nor_taken_away(
    locked: Locked, email: str | None
) -> None:
    before = await stored(locked.practice, str(locked.lost))
    change = "mutation M($i: ChangeClientInput!) { changeClient(input: $i) { client { clientId } } }"
    given = {"clientId": locked.lost, "name": "Half done", "email": email}
    answer = await locked.practice.answer(change, {"i": given})
    assert locked.unreadable(answer, ["changeClient"])
    assert await stored(locked.practice, str(locked.lost)) == before
    name = "SELECT name FROM client WHERE client_id = $1"
    assert await locked.practice.books.value(name, locked.lost) == "Lost"


async def test_what_is_held_about_a_client_is_handed_out_whole_or_not_at_all(locked: Locked) -> None:
    export = "mutation E($i: ExportClientInput!) { exportClient(input: $i) { export } }"
    before = await newest(locked.practice.books)
    answer = await locked.practice.answer(export, {"i": {"clientId": locked.lost}})
    assert locked.unreadable(answer, ["exportClient"])
    assert await last(locked.practice.books, before) == []
    payload = await locked.practice.done("exportClient", {"clientId": locked.fresh}, "export")
    assert SAID["email"] in payload["export"]


async def test_with_another_key_an_answer_says_nothing_and_nothing_is_overwritten(
    diary_books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    async with started(diary_books.url) as client:
        ours = Practice(client, diary_books)
        dora = await added(ours)
        before = await stored(ours, dora["clientId"])
    async with started(diary_books.url, encryption_key=NEWER) as client:
        other = Practice(client, diary_books)
        asked = 'query { clients(filters: {name: "dora shut"}) { edges { node { email } } } }'
        answer = await client.post("/graphql", json={"query": asked})
        assert {e["extensions"]["code"] for e in answer.json()["errors"]} == {"UNREADABLE"}
        change = "mutation M($i: ChangeClientInput!) { changeClient(input: $i) { client { clientId } } }"
        given = {"clientId": dora["clientId"], "email": "new@example.org", "phone": "+34 800"}
        refused = await other.answer(change, {"i": given})
        assert refused["errors"][0]["extensions"]["code"] == "UNREADABLE"
        said = answer.text + str(refused) + caplog.text
        assert not any(text in said for text in (*before, SECRET, NEWER, "new@example.org"))
        names = await other.ask(
            'query { clients(filters: {name: "dora shut"}) { edges { node { name } } } }'
        )
        assert names["clients"]["edges"][0]["node"] == {"name": "Dora Shut"}
    assert await stored(other, dora["clientId"]) == before


async def test_keys_are_changed_while_clients_are_changed_and_every_text_stays_readable(
    diary_books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["sessional.cli.reencrypt"], "CLIENTS_TOGETHER", 3)
    async with started(diary_books.url) as client:
        ours = Practice(client, diary_books)
        ids = [(await added(ours, "Rota"))["clientId"] for _ in range(24)]
    said = dict.fromkeys(ids, SAID["phone"])
    both = {"encryption_key": NEWER, "encryption_key_previous": SECRET}
    async with started(diary_books.url, **both) as client:
        enough = asyncio.Event()
        changing = asyncio.create_task(_changing(Practice(client, diary_books), said, enough))
        keyring, place = Keyring([NEWER, SECRET]), address.parse(diary_books.url)
        done, others = await asyncio.to_thread(lambda: asyncio.run(encrypt_all(place, keyring)))
        enough.set()
        await changing
        assert (done > 0, others) == (True, set())
    async with started(diary_books.url, encryption_key=NEWER) as client:
        asked = f'query {{ clients(filters: {{name: "rota"}}) {{ edges {{ node {{ {FIELDS} }} }} }} }}'
        found = (await Practice(client, diary_books).ask(asked))["clients"]["edges"]
    assert [edge["node"] for edge in found] == [
        {"clientId": client_id, **SAID, "phone": phone} for client_id, phone in said.items()
    ]
    assert len(set(said.values())) > 1


async def _changing(practice: Practice, said: dict[str, str], enough: asyncio.Event) -> None:
    """One client after the other, round and round, noting what is answered."""
    change = "mutation M($i: ChangeClientInput!) { changeClient(input: $i) { client { phone } } }"
    for number, client_id in enumerate(itertools.cycle(list(said))):
        if number and enough.is_set():
            return
        phone = f"+34 {number}"
        done = await practice.ask(change, i={"clientId": client_id, "phone": phone})
        assert done["changeClient"]["client"]["phone"] == phone
        said[client_id] = phone
