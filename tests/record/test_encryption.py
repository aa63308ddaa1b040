"""What the API is told of clients lies encrypted in the database, and is answered in clear."""

from __future__ import annotations

from tests.diary_api.conftest import Practice

FIELDS = "clientId email phone staffNotes"
SAID = {"email": "dora@example.org", "phone": "+34 600", "staffNotes": 'Says "no" \\ often.\n\u0004ü'}


async def added(practice: Practice) -> dict[str, str]:
    done = await practice.ask(
        f"mutation M($i: AddClientInput!) {{ addClient(input: $i) {{ client {{ {FIELDS} }} }} }}",
        i={"name": "Dora Shut", **SAID},
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
