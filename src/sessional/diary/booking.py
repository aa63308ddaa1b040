"""The decisions about a booking: each answers a value or raises a refusal."""

from __future__ import annotations

from collections.abc import Iterable

from sessional.diary.slots import nearest_free
from sessional.diary.values import END_OF_TIME, LONGEST_SESSION_SECONDS, Interval, Wish
from sessional.errors import InvalidInput, InvalidTime, SlotTaken

LONGEST_KEY = 255


def check(wish: Wish) -> None:
    """Refuse what no diary could hold, before any diary is opened.

    Raises InvalidTime for an impossible start or length, InvalidInput for an impossible key.
    """
    if wish.duration_seconds is not None:
        _check_length(wish.duration_seconds)
    end = wish.starts_at + (wish.duration_seconds or 1)
    if wish.starts_at < 0 or end > END_OF_TIME:
        raise InvalidTime("A session starts between the years 1970 and 9999.", path=["startsAt"])
    check_key(wish.idempotency_key)


def check_key(key: str | None) -> None:
    """Raises InvalidInput for an impossible idempotency key."""
    if key is not None and (not 1 <= len(key) <= LONGEST_KEY or "\0" in key):
        raise InvalidInput(
            f"An idempotency key has 1 to {LONGEST_KEY} characters.", path=["idempotencyKey"]
        )


def _check_length(duration_seconds: int) -> None:
    if not 1 <= duration_seconds <= LONGEST_SESSION_SECONDS:
        raise InvalidTime(
            f"A session lasts from 1 second to {LONGEST_SESSION_SECONDS // 3600} hours.",
            path=["durationSeconds"],
        )


def span(wish: Wish, *, service_duration_seconds: int) -> Interval:
    """The time that the session would take: its own length, or the service's."""
    length = wish.duration_seconds or service_duration_seconds
    if wish.starts_at + length > END_OF_TIME:
        raise InvalidTime("A session ends before the year 10000.", path=["startsAt"])
    return Interval(starts_at=wish.starts_at, ends_at=wish.starts_at + length)


def admit(wish: Wish, wanted: Interval, *, busy: Iterable[Interval], now: int) -> Interval:
    """The span to book in a diary that holds ``busy`` within ``slots.nearby(wanted)``.

    Raises SlotTaken with the nearest free spans. They lie in the future where the wish does.
    """
    taken = list(busy)
    if any(wanted.overlaps(other) for other in taken):
        not_before = now if wanted.starts_at >= now else 0
        raise SlotTaken(
            nearest_free(therapist_id=wish.therapist_id, wanted=wanted, busy=taken, not_before=not_before)
        )
    return wanted
