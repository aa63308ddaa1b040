"""The same request again: after a lost answer, at the same time, with other words, too late."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sessional.actions.desk import Desk
from sessional.settings import Settings
from sessional.web.app import _forget
from tests.booking.books import ANN, BEN, Books
from tests.booking.clients import BOOK, CREATE, HOUR, LOOKS_BACK, TEN, Asked, Client, client, clients
from tests.booking.conftest import House
from tests.booking.wire import LOST, Wire
from tests.support import server as servers
from tests.support.server import running


def asked(therapist: int, key: str, hours: float = 0, **more: Any) -> Asked:
    """A request whose key no other test uses."""
    start = TEN + int(hours * HOUR)
    return Asked(therapist_id=therapist, starts_at=start, key=f"{therapist} {key}", **more)


async def until(holds: Any, seconds: float = 10) -> None:
    """Wait until the coroutine function answers something true."""
    end = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < end, f"not within {seconds} s"
        await asyncio.sleep(0.02)


# ---- the same key, the same words ---------------------------------------------------------------


async def test_a_retry_after_a_lost_answer_is_told_the_same_appointment(
    house: House, therapist: int, ann: Client
) -> None:
    """Scenario 21: the connection breaks once the booking is made and before the answer is read."""
    wish = asked(therapist, "lost")
    lost = await Wire.open(house.url, ANN)
    await lost.send(BOOK, {"input": wish.input()})
    await until(lambda: house.books.diary(therapist))
    lost.cut()
    ((number, *_),) = await house.books.diary(therapist)
    again = await ann.book(wish)
    assert (again.appointment_id, again.replayed) == (number, True)
    assert len(await house.books.diary(therapist)) == 1


async def test_every_retry_is_told_the_same_and_that_it_is_one(
    house: House, therapist: int, ann: Client
) -> None:
    """Scenario 21."""
    first = await ann.book(asked(therapist, "often"))
    again = [await ann.book(asked(therapist, "often")) for _ in range(5)]
    assert first.replayed is False
    assert {(one.appointment_id, one.replayed) for one in again} == {(first.appointment_id, True)}


@pytest.mark.parametrize("count", [2, 20])
async def test_of_requests_at_once_with_the_same_key_one_runs_and_the_others_replay_it(
    house: House, therapist: int, count: int
) -> None:
    """Scenario 23."""
    async with clients(house.url, count, ANN) as everybody:
        outcomes = await asyncio.gather(*(one.book(asked(therapist, "twin")) for one in everybody))
    ((number, *_),) = await house.books.diary(therapist)
    assert Counter((one.appointment_id, one.replayed) for one in outcomes) == {
        (number, False): 1,
        (number, True): count - 1,
    }


async def test_of_requests_at_once_with_one_key_and_different_words_only_one_is_written(
    house: House, therapist: int
) -> None:
    """Scenarios 22 and 23: in one diary and across two."""
    other = await house.books.therapist()
    wishes = [asked(therapist, "many", n * 2) for n in range(10)]
    wishes += [replace(wish, therapist_id=other) for wish in wishes]
    async with clients(house.url, len(wishes), ANN) as everybody:
        outcomes = await asyncio.gather(
            *(one.book(wish) for one, wish in zip(everybody, wishes, strict=True))
        )
    assert Counter(one.code for one in outcomes) == {None: 1, "IDEMPOTENCY_KEY_REUSED": 19}
    assert len(await house.books.diary(therapist)) + len(await house.books.diary(other)) == 1


async def test_a_retry_may_ask_to_see_something_else(house: House, therapist: int, ann: Client) -> None:
    first = await ann.book(asked(therapist, "see"))
    document = (
        "mutation($i: BookAppointmentInput!) { bookAppointment(input: $i) "
        "{ replayed appointment { appointmentId therapist { firstName } } } }"
    )
    found = (await ann.data(document, {"i": asked(therapist, "see").input()}))["bookAppointment"]
    assert found == {
        "replayed": True,
        "appointment": {"appointmentId": str(first.appointment_id), "therapist": {"firstName": "jo"}},
    }


async def test_a_retry_whose_session_was_removed_since_is_a_well_formed_answer(
    house: House, therapist: int, ann: Client
) -> None:
    """Somebody deleted the row by SQL and left the key."""
    wish = asked(therapist, "removed")
    await ann.book(wish)
    await house.books.run("DELETE FROM appointment WHERE therapist_id = $1", therapist)
    answer = await ann.wire.ask(BOOK, {"input": wish.input()})
    assert answer["data"]["bookAppointment"]["appointment"] is None


# ---- the same key, other words ------------------------------------------------------------------

OTHERS: dict[str, dict[str, Any]] = {
    "start": {"starts_at": TEN + 5 * HOUR},
    "one second": {"starts_at": TEN + 1},
    "length": {"length": 1800},
    "no length": {"length": None},
    "service": {"service": "consultation"},
    "unknown service": {"service": "no such service"},
    "unknown therapist": {"therapist_id": 2**40},
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
async def test_a_used_key_with_other_words_is_refused_and_nothing_is_written(
    house: House, therapist: int, ann: Client, other: dict[str, Any]
) -> None:
    """Scenario 22."""
    first = await ann.book(asked(therapist, "reused"))
    held = await house.books.diary(therapist)
    refused = await ann.book(replace(asked(therapist, "reused"), **other))
    assert refused.code == "IDEMPOTENCY_KEY_REUSED"
    assert await house.books.diary(therapist) == held
    assert (await ann.book(asked(therapist, "reused"))).appointment_id == first.appointment_id


async def test_a_used_key_for_another_therapist_is_refused_and_nothing_is_written(
    house: House, therapist: int, ann: Client
) -> None:
    """Scenario 22."""
    other = await house.books.therapist()
    await ann.book(asked(therapist, "moved"))
    refused = await ann.book(replace(asked(therapist, "moved"), therapist_id=other))
    assert refused.code == "IDEMPOTENCY_KEY_REUSED"
    assert await house.books.diary(other) == []


async def test_two_people_may_use_the_same_key(house: House, therapist: int, ann: Client) -> None:
    async with client(house.url, BEN) as ben:
        of_ann = await ann.book(asked(therapist, "shared", 0))
        of_ben = await ben.book(asked(therapist, "shared", 1))
        again = await ben.book(asked(therapist, "shared", 1))
    assert (of_ann.code, of_ben.code) == (None, None)
    assert (of_ben.replayed, again.replayed) == (False, True)
    assert of_ben.appointment_id == again.appointment_id != of_ann.appointment_id


async def test_keys_are_told_apart_by_every_character(house: House, therapist: int, ann: Client) -> None:
    keys = ["k", "K", "k ", " k", "ķ", "k\u0327", "k%", "k_", "0", "00", "🗝", "\t", "\n"]
    outcomes = [await ann.book(asked(therapist, key, hour)) for hour, key in enumerate(keys)]
    assert {(one.code, one.replayed) for one in outcomes} == {(None, False)}


# ---- keys that cannot be, and keys that are not used up ------------------------------------------


@pytest.mark.parametrize("key", ["", "k" * 256, "🗝" * 256], ids=["empty", "256", "256 of four bytes"])
async def test_a_key_that_is_empty_or_too_long_is_refused_and_nothing_is_written(
    house: House, therapist: int, ann: Client, key: str
) -> None:
    refused = await ann.book(replace(asked(therapist, ""), key=key))
    assert refused.code == "INVALID_INPUT"
    assert await house.books.diary(therapist) == []


@pytest.mark.parametrize("letter", ["k", "🗝"])
async def test_a_key_of_255_characters_works(
    house: House, therapist: int, ann: Client, letter: str
) -> None:
    wish = replace(asked(therapist, ""), key=f"{therapist:05}".ljust(255, letter))
    first, again = await ann.book(wish), await ann.book(wish)
    assert (first.replayed, again.replayed) == (False, True)
    assert first.appointment_id == again.appointment_id


@pytest.mark.parametrize("key", ["a\0b", "\ud800"], ids=["NUL", "half a character"])
async def test_a_key_that_no_database_can_hold_is_refused_in_words_and_nothing_is_written(
    house: House, therapist: int, ann: Client, key: str
) -> None:
    refused = await ann.book(replace(asked(therapist, ""), key=key))
    assert refused.code in ("INVALID_INPUT", "INVALID_ARGUMENT", "BAD_REQUEST")
    assert await house.books.diary(therapist) == []


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no such service": ({"service": "yoga"}, "UNKNOWN_SERVICE"),
    "no such therapist": ({"therapist_id": 2**40}, "UNKNOWN_THERAPIST"),
    "no length at all": ({"length": 0}, "INVALID_TIME"),
    "two days long": ({"length": 2 * 86_400}, "INVALID_TIME"),
}


@pytest.mark.parametrize(("wrong", "code"), REFUSED.values(), ids=REFUSED)
async def test_a_refusal_does_not_use_up_the_key(
    house: House, therapist: int, ann: Client, wrong: dict[str, Any], code: str
) -> None:
    right = asked(therapist, "again")
    assert (await ann.book(replace(right, **wrong))).code == code
    assert right.key not in [row[1] for row in await house.books.keys()]
    booked = await ann.book(right)
    assert (booked.code, booked.replayed) == (None, False)


async def test_a_taken_slot_does_not_use_up_the_key(house: House, therapist: int, ann: Client) -> None:
    await house.books.session(therapist, TEN)
    refused = await ann.book(asked(therapist, "second try"))
    assert refused.code == "SLOT_TAKEN"
    booked = await ann.book(replace(asked(therapist, "second try"), starts_at=refused.offers[0]))
    assert (booked.code, booked.replayed) == (None, False)


async def test_a_request_that_was_refused_is_granted_with_the_same_key_once_the_slot_is_free(
    house: House, therapist: int, ann: Client
) -> None:
    await house.books.session(therapist, TEN)
    assert (await ann.book(asked(therapist, "patience"))).code == "SLOT_TAKEN"
    await house.books.run("DELETE FROM appointment WHERE therapist_id = $1", therapist)
    booked = await ann.book(asked(therapist, "patience"))
    assert (booked.code, booked.replayed) == (None, False)


# ---- across starts ------------------------------------------------------------------------------


@pytest.mark.parametrize(("settings", "hours"), [({}, 48), ({"SESSIONAL_IDEMPOTENCY_HOURS": "24"}, 24)])
async def test_a_key_is_kept_as_long_as_the_setting_says_and_forgotten_after(
    books: Books, tmp_path: Path, settings: dict[str, str], hours: int
) -> None:
    therapist, now = await books.therapist(), int(time.time())
    old, young = asked(therapist, "old"), asked(therapist, "young", 1)
    with running(books.url, tmp_path, **settings) as server:
        async with client(server.url, ANN) as ann:
            await ann.book(old)
            booked = await ann.book(young)
    for wish, age in ((old, hours * 3600 + 60), (young, hours * 3600 - 60)):
        await books.run("UPDATE idempotency_key SET created_at = $1 WHERE key = $2", now - age, wish.key)
    with running(books.url, tmp_path, **settings) as server:
        async with client(server.url, ANN) as ann:

            async def forgotten() -> bool:
                return len(await books.keys()) == 1

            await until(forgotten)
            replayed = await ann.book(young)
            anew = await ann.book(replace(old, starts_at=TEN + 5 * HOUR))
    assert (replayed.appointment_id, replayed.replayed) == (booked.appointment_id, True)
    assert (anew.code, anew.replayed) == (None, False)


async def test_what_cannot_be_forgotten_is_told_of_and_ends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sessional.web.app.SECONDS_BETWEEN_FORGETTING", 0.01)
    asked: list[str] = []
    told: list[Any] = []

    class Strange:
        async def fetch(self, name: str, **values: Any) -> None:
            asked.append(name)
            if name == "forget_keys":
                raise KeyError("nobody thought of this")

    desk = cast(Desk, SimpleNamespace(store=Strange(), now=lambda: 0))
    forgetting = asyncio.create_task(_forget(Settings(), desk, [told.append]))
    while len(told) < 2 and not forgetting.done():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    forgetting.cancel()
    assert asked[:4] == ["forget_keys", "forget_log_in_rates", "forget_sessions", "forget_keys"]


async def test_a_retry_and_an_identical_creation_after_a_restart_are_told_what_was_booked_before_it(
    books: Books, tmp_path: Path
) -> None:
    therapist = await books.therapist()
    wish = asked(therapist, "restart")

    async def both(url: str) -> list[int | None]:
        async with client(url, ANN) as ann:
            outcomes = [await ann.book(wish), await ann.create(replace(wish, starts_at=TEN + 2 * HOUR))]
        return [outcome.appointment_id for outcome in outcomes]

    with running(books.url, tmp_path) as server:
        before = await both(server.url)
        assert server.stop() == 0
    with running(books.url, tmp_path) as server:
        assert await both(server.url) == before
    assert len(await books.diary(therapist)) == 2


# A server that is killed after the next commit, before anything is answered.
DEADLY = f"""#!{sys.executable}
import os, signal
from sessional.store.postgres import PostgresStore
from sessional.store.sqlite import SqliteStore

def deadly(method):
    async def committed(*given):
        answer = await method(*given)
        if answer is not None and os.path.exists("die"):
            os.unlink("die")
            os.kill(os.getpid(), signal.SIGKILL)
        return answer
    return committed

PostgresStore.book_at_once = deadly(PostgresStore.book_at_once)
PostgresStore.transact = deadly(PostgresStore.transact)
SqliteStore.transact = deadly(SqliteStore.transact)
from sessional.cli import main
main()
"""


@pytest.mark.parametrize("document", [BOOK, LOOKS_BACK, CREATE], ids=["one row", "looks back", "old form"])
async def test_a_server_killed_between_commit_and_answer_tells_the_retry_what_it_committed(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document: str
) -> None:
    """Scenario 27."""
    program = tmp_path / "deadly"
    program.write_text(DEADLY)
    program.chmod(0o755)
    therapist = await books.therapist()
    wish = asked(therapist, "killed")
    variables = wish.legacy() if document is CREATE else {"input": wish.input()}
    with monkeypatch.context() as patch:
        patch.setattr(servers, "SESSIONAL", str(program))
        with running(books.url, tmp_path) as server:
            (tmp_path / "die").touch()
            wire = await Wire.open(server.url, ANN)
            with pytest.raises(LOST):
                await wire.ask(document, variables)
            assert server.process.wait(timeout=10) == -9
    ((number, *_),) = await books.diary(therapist)
    assert len(await books.keys()) == (0 if document is CREATE else 1)
    with running(books.url, tmp_path) as server:
        async with client(server.url, ANN) as ann:
            again = await (ann.create(wish) if document is CREATE else ann.book(wish))
    assert again.appointment_id == number
    assert again.replayed is (document is not CREATE)
    assert len(await books.diary(therapist)) == 1
