"""What must be true after every step: asked of the database by SQL over all rows, and of the search."""

from __future__ import annotations

from typing import Any

from tests.proof.by_hand import ALIVE
from tests.proof.model import QUARTER, Practice
from tests.proof.world import World, text

_ALIVE = ", ".join(f"'{status}'" for status in ALIVE)
_PAIRS = (
    "SELECT '{who}', a.appointment_id, b.appointment_id FROM {rows} "
    f"AND a.appointment_id < b.appointment_id AND a.status IN ({_ALIVE}) AND b.status IN ({_ALIVE}) "
    "AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at"
)
# By the sessions' own columns: nothing that was copied or worked out is trusted.
TWICE = " UNION ALL ".join(
    _PAIRS.format(who=who, rows=rows)
    for who, rows in {
        "therapist": "appointment a JOIN appointment b ON a.therapist_id = b.therapist_id",
        "room": "appointment a JOIN appointment b ON a.room_id = b.room_id",
        "client": "appointment_client m JOIN appointment_client n ON m.client_id = n.client_id "
        "JOIN appointment a ON a.appointment_id = m.appointment_id "
        "JOIN appointment b ON b.appointment_id = n.appointment_id AND TRUE",
    }.items()
)
SESSIONS = (
    "SELECT appointment_id, therapist_id, service_code, starts_at, ends_at, status, version, room_id, "
    "capacity, places_taken FROM appointment WHERE held_until = 0"
)
COPIES = (
    "SELECT m.appointment_id, m.client_id FROM appointment_client m "
    "JOIN appointment a ON a.appointment_id = m.appointment_id "
    "WHERE m.therapist_id <> a.therapist_id OR m.starts_at <> a.starts_at OR m.ends_at <> a.ends_at "
    "OR m.blocks <> a.blocks"
)
EVENTS = (
    "SELECT appointment_id, version, status, starts_at, ends_at, therapist_id FROM appointment_event "
    "ORDER BY appointment_id, appointment_event_id"
)
FIND = """query($search: SlotSearch!) {
  freeSlots(search: $search, first: 1000) { edges { node { startsAt } } }
}"""
EXPLAIN = """query($t: ID!, $at: DateTime!, $s: String!) {
  explainSlot(therapistId: $t, startsAt: $at, service: $s) { offered rules { rule } }
}"""


def assert_kept(world: World, model: Practice) -> None:
    """Nobody is in two places, the rows are the model's, and every change is on record."""
    assert world.sql(TWICE) == []
    assert world.sql(COPIES) == []
    assert_same_sessions(world, model)
    assert_history_is_complete(world, model)
    held = world.sql(
        "SELECT appointment_id, therapist_id, starts_at, ends_at, held_by, held_until FROM appointment "
        f"WHERE held_until > {model.now}"
    )
    assert sorted(held) == sorted(
        (n, h.therapist, h.start, h.end, h.by, h.until) for n, h in model.held().items()
    )
    assert world.findings() == []


def assert_same_sessions(world: World, model: Practice) -> None:
    members: dict[int, set[int]] = {}
    for number, client in world.sql("SELECT appointment_id, client_id FROM appointment_client"):
        members.setdefault(number, set()).add(client)
    found: dict[int, Any] = {}
    for number, *row, room, capacity, taken in world.sql(SESSIONS):
        clients = members.get(number, set())
        assert taken == len(clients) <= capacity
        found[number] = (*row, clients, room is not None)
        model.sessions[number].room = room
    assert found == {
        n: (s.therapist, s.service, s.start, s.end, s.status, s.version, s.clients, s.has_room)
        for n, s in model.sessions.items()
    }


def assert_history_is_complete(world: World, model: Practice) -> None:
    """Versions 1 to the present one, each once, and the last of them is what is there."""
    noted: dict[int, list[Any]] = {}
    for number, *state in world.sql(EVENTS):
        noted.setdefault(number, []).append(tuple(state))
    assert noted == {n: s.noted for n, s in model.sessions.items() if s.noted}
    for number, states in noted.items():
        session = model.sessions[number]
        assert [state[0] for state in states] == list(range(1, session.version + 1))
        assert states[-1] == session.state


def assert_search_agrees(
    world: World, model: Practice, account: int, therapist: int, service: str, begin: int, end: int
) -> None:
    """The search offers what the rules leave, and the explanation says the same of each start."""
    search = {"service": service, "therapistIds": [str(therapist)], "from": text(begin), "until": text(end)}
    edges = world.data(account, FIND, search=search)["freeSlots"]["edges"]
    offered = model.offered(therapist, service, begin, end, account)
    assert [edge["node"]["startsAt"] for edge in edges] == [text(at) for at in offered], (
        service,
        therapist,
    )
    refused = [at for at in range(begin, end, QUARTER) if at not in offered]
    for at in (*offered[:1], *offered[-1:], *refused[17:18], *refused[-30:-29]):
        told = world.data(account, EXPLAIN, t=str(therapist), at=text(at), s=service)["explainSlot"]
        assert told["offered"] == (at in offered), (text(at), told)
        rules = {each["rule"] for each in told["rules"]}
        length = model.services[service].duration_seconds
        expected = {r.value for r in model.broken(therapist, service, at, length, account, staff=False)}
        # A closed day is named beside the hours as well; a room is asked about at the end.
        assert expected <= rules <= expected | {"CLOSURE", "ROOM"}, (text(at), told)
