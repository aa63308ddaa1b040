"""Whatever is asked, no answer depends on what is another's.

Generated operations are asked twice, as the same role: of the practice as it is, and after everything
that is not the role's was changed, taken away or added to. Both answers are the same to the byte, so
nothing of it can be read, counted, filtered by, sorted by or found by a cursor.
"""

from __future__ import annotations

import json
from base64 import b64encode

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from sessional.access import Role
from tests.access.conftest import Desk
from tests.access.people import (
    CLEO,
    CLEOS,
    DAY,
    HOUR,
    MARK,
    OFFERED_CLEO,
    OFFERED_OLGA,
    OLGA,
    OMAR,
    OTHERS,
    OTTO,
    TEN,
    THEA,
    THEAS,
)
from tests.equality import practice as practices
from tests.equality.drawing import TAPES, Chance, Pools
from tests.equality.operations import ARGUMENT_ODDS, Sketch
from tests.equality.parts import Operation

EXAMPLES = 150
# A cursor of the generator's is one of its own practice; cursors have a test of their own below.
ODDS = {**ARGUMENT_ODDS, "after": 0, "before": 0}

FOREIGN_TO_BOTH = (
    f"UPDATE client SET name = '{MARK} 2', search_name = '{MARK} 2', phone = NULL WHERE client_id = {OLGA}",
    f"DELETE FROM appointment_client WHERE client_id = {OMAR}",
    f"UPDATE care_relationship SET until_date = '2030-06-01' WHERE client_id = {OLGA}",
    f"UPDATE appointment SET service_code = 'one-off', status = 'NOSHOW', starts_at = {TEN + 40 * DAY}, "
    f"ends_at = {TEN + 40 * DAY + 2 * HOUR}, version = 9 WHERE appointment_id = {OTHERS}",
    "DELETE FROM appointment_event WHERE appointment_event_id = 2",
    f"INSERT INTO client (client_id, name, search_name) VALUES (90, 'A {MARK}', 'a {MARK}')",
    f"INSERT INTO care_relationship (therapist_id, client_id, from_date) VALUES ({OTTO}, 90, '2030-02-02')",
    f"DELETE FROM working_hours WHERE therapist_id = {OTTO}",
    f"DELETE FROM date_override WHERE therapist_id = {OTTO}",
    f"UPDATE time_off SET reason = NULL, ends_at = ends_at + 60 WHERE therapist_id = {OTTO}",
    f"DELETE FROM away WHERE therapist_id = {OTTO}",
    "INSERT INTO appointment (appointment_id, therapist_id, service_code, starts_at, ends_at) "
    f"VALUES (91, {OTTO}, 'one-off', {TEN + 50 * DAY}, {TEN + 50 * DAY + HOUR})",
    "INSERT INTO appointment_client (appointment_id, client_id) VALUES (91, 90)",
    f"UPDATE waitlist_entry SET turn = 9, from_at = from_at + 60 WHERE client_id <> {CLEO}",
    f"UPDATE appointment SET starts_at = starts_at + 60 WHERE appointment_id = {OFFERED_OLGA}",
    "DELETE FROM waitlist_entry WHERE waitlist_entry_id = 3",
)
FOREIGN = {
    Role.THERAPIST: (
        *FOREIGN_TO_BOTH,
        f"UPDATE appointment SET starts_at = {TEN + 60 * DAY}, ends_at = {TEN + 60 * DAY + HOUR}, "
        f"status = 'ARRIVED', version = 7 WHERE appointment_id = {CLEOS}",
        f"UPDATE appointment SET starts_at = starts_at + 60 WHERE appointment_id = {OFFERED_CLEO}",
        f"INSERT INTO care_relationship (therapist_id, client_id, from_date) "
        f"VALUES ({OTTO}, {CLEO}, '2030-03-03')",
    ),
    Role.CLIENT: (
        *FOREIGN_TO_BOTH,
        f"UPDATE appointment SET starts_at = {TEN + 60 * DAY}, ends_at = {TEN + 60 * DAY + HOUR}, "
        f"status = 'ARRIVED', version = 7 WHERE appointment_id = {THEAS}",
        f"DELETE FROM working_hours WHERE therapist_id = {THEA}",
        f"UPDATE time_off SET reason = 'another' WHERE therapist_id = {THEA}",
        f"UPDATE client SET staff_notes = 'another' WHERE client_id = {CLEO}",
        "UPDATE appointment_event SET username = 'another', reason = 'another'",
    ),
}


def drawn(number: int) -> list[Operation]:
    """The operations that a seed gives."""
    found: list[Operation] = []
    pools = Pools.of(practices.build(number))

    @seed(number)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(TAPES.map(lambda tape: Sketch(Chance(tape), pools, ODDS).operation()))
    def draw(operation: Operation) -> None:
        found.append(operation)

    draw()
    return found


# What the generator seldom meets: names and states to guess at.
GUESSES = [
    f'{{ clients(filters: {{name: "{MARK}"}}) {{ totalCount }} }}',
    f'{{ clients(filters: {{not: {{name: "{MARK}"}}}}) {{ totalCount }} }}',
    "{ waitlist { totalCount edges { cursor node { turn offeredUntil offer { startsAt } } } } }",
    "{ waitlist(first: 1) { pageInfo { hasNextPage endCursor } } }",
    "{ clients(sort: [NAME_DESC], first: 1) { pageInfo { hasNextPage } edges { node { name } } } }",
    "{ clients(sort: [NAME_ASC], last: 1) { pageInfo { hasPreviousPage } edges { cursor } } }",
    "{ appointments(filters: {statusIn: [ARRIVED, NOSHOW, CANCELLED]}) { totalCount } }",
    '{ appointments(filters: {therapistName: "otto"}) { totalCount edges { node { version } } } }',
    "{ appointments(sort: [DURATION_SECONDS_DESC], first: 1) { pageInfo { hasNextPage endCursor } } }",
    "{ therapists { edges { node { appointments { totalCount } caseload { totalCount } } } } }",
    "{ specialisms { edges { node { therapists { edges { node { appointments { totalCount } } } } } } } }",
    "{ clients { edges { node { appointments { totalCount } care { totalCount } } } } }",
    *(
        f'{{ node(id: "{b64encode(f"{name}:{number}".encode()).decode()}") {{ __typename id }} }}'
        for name in ("Client", "Appointment", "WaitlistEntry")
        for number in (OLGA, OMAR, OTHERS, 90, 91)
    ),
]


async def answers(desk: Desk, role: Role, asked: list[tuple[str, dict, str | None]]) -> list[str]:
    return [await desk.text(role, document, variables, name) for document, variables, name in asked]


@pytest.mark.parametrize("role", FOREIGN)
async def test_no_answer_depends_on_what_is_anothers(own_desk: Desk, role: Role) -> None:
    operations = [each for number in range(2) for each in drawn(number)]
    asked = [
        (document, variables, each.name)
        for each in operations
        for document, variables in [each.asked_with(lambda _: "none")]
    ]
    asked += [(document, {}, None) for document in GUESSES]
    before = await answers(own_desk, role, asked)
    assert [text for text in before if MARK in text] == []
    assert sum(any((json.loads(text).get("data") or {}).values()) for text in before) > len(before) // 4
    for statement in FOREIGN[role]:
        await own_desk.books.run(statement)
    after = await answers(own_desk, role, asked)
    differing = [(q[0], a, b) for q, a, b in zip(asked, before, after, strict=True) if a != b]
    assert differing == []


async def test_no_place_in_a_list_tells_where_anothers_rows_are(own_desk: Desk) -> None:
    """Cursors are values in the open: somebody may write one that stands at another's row."""
    documents = []
    page = "{ totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"
    for list_, sort in (("appointments", "APPOINTMENT_ID"), ("clients", "CLIENT_ID"), ("clients", "NAME")):
        for way in ("ASC", "DESC"):
            order = f"sort: [{sort}_{way}]"
            first = await own_desk.data(Role.ADMIN, f"{{ {list_}({order}) {{ edges {{ cursor }} }} }}")
            cursors = [edge["cursor"] for edge in first[list_]["edges"]]
            documents += [
                f'{{ {list_}({order}, {side}: "{cursor}") {page} }}'
                for side in ("after", "before")
                for cursor in cursors
            ]
    entries = (await own_desk.data(Role.ADMIN, "{ waitlist { edges { cursor } } }"))["waitlist"]["edges"]
    documents += [
        f'{{ waitlist({side}: "{edge["cursor"]}") {page} }}'
        for side in ("after", "before")
        for edge in entries
    ]
    asked = [(document, {}, None) for document in documents]
    before = {role: await answers(own_desk, role, asked) for role in FOREIGN}
    assert len(asked) > 20
    for statement in FOREIGN_TO_BOTH:
        await own_desk.books.run(statement)
    assert {role: await answers(own_desk, role, asked) for role in FOREIGN} == before
