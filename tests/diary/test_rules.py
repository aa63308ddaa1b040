"""The rules as they are written down: what a week can hold, and what the core may not ask the machine."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, fields, replace
from datetime import date
from pathlib import Path

import pytest

import sessional.diary
from sessional.diary import wording
from sessional.diary.rules import (
    BrokenRule,
    Busy,
    Rule,
    ServiceRules,
    TherapistRules,
    WorkingHours,
    check_hours,
    check_minutes,
)
from sessional.errors import InvalidInput

MONDAY = WorkingHours(weekday=1, starts_minute=540, ends_minute=1020)


@pytest.mark.parametrize(
    "hours",
    [
        MONDAY,
        replace(MONDAY, starts_minute=0, ends_minute=2880),
        replace(MONDAY, every_weeks=2, valid_from=date(2030, 1, 9)),
        replace(MONDAY, weekday=7, valid_from=date(2030, 1, 9), valid_until=date(2030, 1, 10)),
    ],
)
def test_hours_that_a_week_can_have_are_accepted(hours: WorkingHours) -> None:
    check_hours(hours)


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"weekday": 0}, "weekday"),
        ({"weekday": 8}, "weekday"),
        ({"starts_minute": -1}, "startsMinute"),
        ({"starts_minute": 1440, "ends_minute": 1500}, "startsMinute"),
        ({"ends_minute": 540}, "endsMinute"),
        ({"ends_minute": 2881}, "endsMinute"),
        ({"every_weeks": 0}, "everyWeeks"),
        ({"every_weeks": 3, "valid_from": date(2030, 1, 9)}, "everyWeeks"),
        ({"every_weeks": 2}, "validFrom"),
        ({"valid_from": date(2030, 1, 9), "valid_until": date(2030, 1, 9)}, "validUntil"),
    ],
)
def test_hours_that_no_week_has_are_refused(wrong: dict[str, object], path: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_hours(replace(MONDAY, **wrong))  # type: ignore[arg-type]
    assert refused.value.path == [path]


def test_hours_of_a_date_are_held_to_the_same_minutes() -> None:
    check_minutes((0, 1))
    with pytest.raises(InvalidInput):
        check_minutes((60, 60))


@pytest.mark.parametrize(
    "value",
    [
        MONDAY,
        TherapistRules(therapist_id=1, time_zone="UTC"),
        ServiceRules(code="one-off", duration_seconds=3000),
        Busy(starts_at=1, ends_at=2),
        BrokenRule(rule=Rule.GRID, message="", value=None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_rule_cannot_be_changed(value: object) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(value, fields(value)[0].name, 5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 minutes"),
        (1, "1 second"),
        (90, "90 seconds"),
        (60, "1 minute"),
        (3000, "50 minutes"),
        (3600, "1 hour"),
        (5400, "90 minutes"),
        (86_400, "1 day"),
        (31_622_400, "366 days"),
    ],
)
def test_lengths_are_told_in_the_largest_unit_that_measures_them(seconds: int, words: str) -> None:
    assert wording.length(seconds) == words


def test_a_span_that_ends_on_another_day_names_both_days() -> None:
    assert wording.span("Asia/Kathmandu", 0, 3600) == "1970-01-01 05:30–06:30 (Asia/Kathmandu)"
    assert wording.span("UTC", 82_800, 90_000) == "1970-01-01 23:00 – 1970-01-02 01:00 (UTC)"


def test_the_core_reads_no_clock_of_the_machine() -> None:
    """It may speak of dates, so the import of datetime proves nothing: what asks for the time is named."""
    asks = re.compile(
        r"\.(now|utcnow|today)\(|\btime\.(time|monotonic)|^(import|from) (time|random)\b", re.M
    )
    for file in Path(sessional.diary.__file__).parent.glob("*.py"):
        assert not asks.search(file.read_text(encoding="utf-8")), file.name
