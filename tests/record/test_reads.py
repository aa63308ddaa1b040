"""Who was answered data of which clients is on record within a moment, and answers do not show it."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.diary_api.conftest import Practice
from tests.record.conftest import last, newest
from tests.record.test_changes import booked, client


async def read_entries(practice: Practice, after: int) -> list[dict[str, Any]]:
    """The entries about reading after one, once there are any."""
    for _ in range(100):
        found = [e for e in await last(practice.books, after) if e["outcome"] == "READ"]
        if found:
            return found
        await asyncio.sleep(0.05)
    return []


def clients_of(entry: dict[str, Any]) -> list[int]:
    one = entry["object_id"]
    return (entry["state_after"] or {}).get("clientIds", [] if one is None else [one])


async def test_reading_one_client_is_on_record_with_field_operation_and_client(practice: Practice) -> None:
    ana = await client(practice, "Ana Read")
    await settled(practice)
    before = await newest(practice.books)
    document = 'query Lookup { clients(filters: {name: "ana read"}) { edges { node { name } } } }'
    await practice.ask(document)
    (entry,) = await read_entries(practice, before)
    assert (entry["action"], entry["username"], entry["outcome"]) == ("clients (Lookup)", "ann", "READ")
    assert (entry["object_type"], clients_of(entry)[-1:]) == ("Client", [ana])


async def settled(practice: Practice) -> None:
    """What was read so far is written."""
    await asyncio.sleep(1.2)


async def test_clients_deep_within_an_answer_are_on_record_and_the_answer_shows_no_mark(
    practice: Practice, therapist: int
) -> None:
    ben, cy = await client(practice, "Ben Deep"), await client(practice, "Cy Deep")
    await booked(practice, therapist, "2031-02-03T10:00:00Z", clientIds=[ben])
    await booked(practice, therapist, "2031-02-03T12:00:00Z", clientIds=[cy])
    await settled(practice)
    before = await newest(practice.books)
    document = """query Day($t: ID!) { therapist(therapistId: $t) { appointments { edges { node {
        clients { edges { node { name clientId } } } } } } } }"""
    answer = await practice.client.post(
        "/graphql", json={"query": document, "variables": {"t": str(therapist)}}
    )
    assert b"\x03" not in answer.content
    sessions = answer.json()["data"]["therapist"]["appointments"]["edges"]
    names = [s["node"]["clients"]["edges"][0]["node"]["name"] for s in sessions]
    assert names == ["Ben Deep", "Cy Deep"]
    (entry,) = await read_entries(practice, before)
    assert (entry["action"], clients_of(entry)) == ("therapist (Day)", [ben, cy])


async def test_a_payload_that_shows_a_client_under_two_keys_has_no_mark_and_is_on_record(
    practice: Practice, therapist: int
) -> None:
    dee = await client(practice, "Dee Twice")
    await settled(practice)
    before = await newest(practice.books)
    shown = "clients { edges { node { name } } }"
    given = {
        "therapistId": therapist,
        "startsAt": "2031-02-03T10:00:00Z",
        "service": "one-off",
        "clientIds": [dee],
    }
    document = (
        "mutation Book($i: BookAppointmentInput!) { bookAppointment(input: $i) { "
        f"one: appointment {{ {shown} }} two: appointment {{ {shown} }} }} }}"
    )
    payload = (await practice.ask(document, i=given))["bookAppointment"]
    assert payload["one"] == payload["two"] == {"clients": {"edges": [{"node": {"name": "Dee Twice"}}]}}
    (entry,) = await read_entries(practice, before)
    assert (entry["action"], clients_of(entry)) == ("bookAppointment (Book)", [dee])


async def test_reading_the_same_again_and_again_makes_one_entry_with_its_number(practice: Practice) -> None:
    await client(practice, "Eve Often")
    await settled(practice)
    before = await newest(practice.books)
    document = 'query Often { clients(filters: {name: "eve often"}) { edges { node { name } } } }'
    await asyncio.gather(*(practice.ask(document) for _ in range(20)))
    await settled(practice)
    entries = await read_entries(practice, before)
    assert sum((e["state_after"] or {}).get("times", 1) for e in entries) == 20
    assert len(entries) <= 4


async def test_reading_what_holds_no_client_leaves_no_entry(practice: Practice, therapist: int) -> None:
    await settled(practice)
    before = await newest(practice.books)
    await practice.ask("{ therapists { edges { node { firstName } } } clients { totalCount } }")
    await settled(practice)
    assert await last(practice.books, before) == []


async def test_reading_names_off_the_cursors_of_a_list_is_on_record(practice: Practice) -> None:
    """A cursor holds what its list is sorted by, in the open."""
    ida = await client(practice, "Ida Cursor")
    given = 'filters: {name: "ida cursor"}, sort: [NAME_ASC]'
    for part in ("edges { cursor }", "pageInfo { startCursor }", "pageInfo { endCursor hasNextPage }"):
        await settled(practice)
        before = await newest(practice.books)
        answer = await practice.client.post(
            "/graphql", json={"query": f"query Names {{ clients({given}) {{ {part} }} }}"}
        )
        assert b"\\u0003" not in answer.content
        assert b"\x03" not in answer.content
        (entry,) = await read_entries(practice, before)
        assert (entry["action"], clients_of(entry)) == ("clients (Names)", [ida])
    await settled(practice)
    before = await newest(practice.books)
    await practice.ask("{ clients(sort: [CLIENT_ID_ASC]) { edges { cursor } } }")
    await settled(practice)
    assert await last(practice.books, before) == []
