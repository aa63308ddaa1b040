"""Where in a diary there is room: busy intervals in, free starts out."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate

from sessional.diary.values import DAY_SECONDS, END_OF_TIME, Interval, Slot

# How far around a refused start the nearest free ones are looked for, and in what steps.
NEARBY_DAYS = 3
STEP_SECONDS = 900


def nearby(wanted: Interval) -> Interval:
    """The part of the diary that has to be read to offer something near ``wanted``."""
    reach = NEARBY_DAYS * DAY_SECONDS
    return Interval(
        starts_at=max(0, wanted.starts_at - reach), ends_at=min(END_OF_TIME, wanted.ends_at + reach)
    )


def nearest_free(
    *, therapist_id: int, wanted: Interval, busy: Iterable[Interval], not_before: int, most: int = 3
) -> tuple[Slot, ...]:
    """Up to ``most`` free spans as long as ``wanted``, the nearest to it first.

    ``busy`` is what the diary holds within ``nearby(wanted)``. The spans offered do not overlap one
    another, and none starts before ``not_before``.
    """
    taken = sorted(busy)
    starts = [t.starts_at for t in taken]
    ends = list(accumulate((t.ends_at for t in taken), max))

    def is_free(span: Interval) -> bool:
        before = bisect_left(starts, span.ends_at)
        return before == 0 or ends[before - 1] <= span.starts_at

    offers: list[Interval] = []
    for span in _around(wanted):
        if len(offers) == most:
            break
        if span.starts_at >= not_before and is_free(span) and not any(map(span.overlaps, offers)):
            offers.append(span)
    return tuple(Slot(therapist_id=therapist_id, starts_at=o.starts_at, ends_at=o.ends_at) for o in offers)


def _around(wanted: Interval) -> Iterator[Interval]:
    """Spans of the same length at growing distance, later before earlier, within ``nearby``."""
    length = wanted.ends_at - wanted.starts_at
    bounds = nearby(wanted)
    for distance in range(STEP_SECONDS, NEARBY_DAYS * DAY_SECONDS + 1, STEP_SECONDS):
        for start in (wanted.starts_at + distance, wanted.starts_at - distance):
            if bounds.starts_at <= start and start + length <= bounds.ends_at:
                yield Interval(starts_at=start, ends_at=start + length)
