"""A change that takes longer than a request may is stopped, and nothing of it is left; others go on."""

from __future__ import annotations

import asyncio
from typing import Final

from tests.booking.books import Books
from tests.booking.in_process import started
from tests.diary_api.conftest import (  # noqa: F401 - fixtures
    Practice,
    diary_books,
    diary_postgres,
    diary_sqlite,
)

# The database takes for ever over a client of this name, as it would over a change of very many rows.
_FOR_EVER: Final = {
    True: "CREATE TRIGGER takes_for_ever AFTER INSERT ON client WHEN NEW.name = 'For ever' BEGIN "
    "UPDATE client SET phone = (SELECT count(*) FROM json_each('[1,2,3,4,5,6,7,8,9,10]') a, "
    + ", ".join(f"json_each('[1,2,3,4,5,6,7,8,9,10]') {name}" for name in "bcdefghijk")
    + ") WHERE client_id = NEW.client_id; END",
    False: "CREATE OR REPLACE FUNCTION takes_for_ever() RETURNS trigger LANGUAGE plpgsql AS "
    "$f$ BEGIN IF NEW.name = 'For ever' THEN PERFORM pg_sleep(600); END IF; RETURN NEW; END $f$",
}
_TRIGGER: Final = (
    "CREATE TRIGGER takes_for_ever AFTER INSERT ON client FOR EACH ROW EXECUTE FUNCTION takes_for_ever()"
)
_ADD: Final = "mutation A($i: AddClientInput!) { addClient(input: $i) { client { name } replayed } }"


async def test_a_change_that_takes_too_long_is_stopped_whole_and_those_beside_it_are_done(
    diary_books: Books,  # noqa: F811 - a fixture
) -> None:
    await diary_books.run(_FOR_EVER[diary_books.path is not None])
    if diary_books.path is None:
        await diary_books.run(_TRIGGER)
    async with started(diary_books.url, request_seconds=2) as client:
        practice = Practice(client, diary_books)
        names = ["One", "For ever", "Two", "Three"]
        answers = await asyncio.gather(
            *(practice.answer(_ADD, {"i": {"name": name, "idempotencyKey": name}}) for name in names)
        )
        stopped = answers.pop(1)
        assert [error["extensions"]["code"] for error in stopped["errors"]] == ["DEADLINE_EXCEEDED"]
        assert stopped["data"] is None
        await diary_books.run("DROP TRIGGER takes_for_ever" + ("" if diary_books.path else " ON client"))
        done = [answer["data"]["addClient"]["client"]["name"] for answer in answers]
        assert done == ["One", "Two", "Three"]
        kept = await diary_books.run("SELECT name FROM client ORDER BY name")
        assert kept == [("One",), ("Three",), ("Two",)]
        (again,) = (await practice.ask(_ADD, i={"name": "For ever", "idempotencyKey": "For ever"})).values()
        assert again == {"client": {"name": "For ever"}, "replayed": False}
