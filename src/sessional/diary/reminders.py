"""When a reminder is due, and whether it still is when its turn comes.

A reminder goes out a lead before its session. Which sessions are due follows from how far reminders have
been written: starts are taken in order, each once, so a session that comes to stand behind that mark
(it was booked or moved with less than the lead left) is never reminded of late.
"""

from __future__ import annotations

from sessional.diary.life import Status
from sessional.diary.values import Interval


def latest_seconds(lead_seconds: int) -> int:
    """How late a reminder may be, where nothing could be sent for a while: a quarter of its lead."""
    return lead_seconds // 4


def falling_due(reminded_until: int | None, now: int, lead_seconds: int) -> Interval | None:
    """The starts whose reminders are to be written now; None where there can be none.

    ``reminded_until`` is the end of what was written before; None where this lead is new, which reminds of
    nothing that has its lead behind it already.
    """
    ends_at = now + lead_seconds
    if reminded_until is None or reminded_until >= ends_at:
        return None
    return Interval(starts_at=max(reminded_until, ends_at - latest_seconds(lead_seconds)), ends_at=ends_at)


def still_right(reminded_of: int, lead_seconds: int, *, starts_at: int, status: str, now: int) -> bool:
    """Whether a reminder of a start says what is true, and says it in time.

    ``starts_at`` and ``status`` are the session's as it stands now.
    """
    stands = status == Status.BOOKED and starts_at == reminded_of
    return stands and now <= starts_at - lead_seconds + latest_seconds(lead_seconds)
