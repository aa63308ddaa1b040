"""A diary for which nobody has made rules, in a practice where services want time between sessions."""

from __future__ import annotations

from tests.diary_api.conftest import Practice
from tests.diary_api.test_life import HOUR, TEN, at

BUFFERED = (
    "INSERT INTO service (code, name, search_name, duration_seconds, buffer_after_seconds) "
    "VALUES ($1, 'Long talk', 'long talk', 3600, 900)"
)


async def test_staff_book_it_at_any_time_but_not_into_the_time_between_sessions(
    practice: Practice, therapist: int
) -> None:
    """Scenarios 15 and 45: years ahead, off the grid, of any length, and yet not within a buffer."""
    await practice.books.run(BUFFERED, f"talk-{therapist}")
    first = {"therapistId": therapist, "startsAt": at(TEN + 7), "service": f"talk-{therapist}"}
    await practice.done("bookAppointment", {**first, "durationSeconds": 1234})
    close = {"therapistId": therapist, "startsAt": at(TEN + 7 + 1234 + 899), "service": "one-off"}
    rules = "errors { ... on RuleRefused { rules { rule } } }"
    payload = await practice.do("bookAppointment", close, rules)
    (error,) = payload["errors"]
    assert (error["code"], [one["rule"] for one in error["rules"]]) == ("RULE_REFUSED", ["BUFFER"])
    await practice.done("bookAppointment", {**close, "startsAt": at(TEN + 7 + 1234 + 900)})
    await practice.done("bookAppointment", {**close, "startsAt": at(TEN + 30 * HOUR)})
