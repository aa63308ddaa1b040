"""Fields of Query whose answers are worked out here and not by one statement: free slots and the like.

Each takes a constant number of statements, however many therapists there are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from sessional.actions.calendar import diary
from sessional.actions.finding import explain_slot, free_days, free_slots, next_free
from sessional.actions.rules_preview import preview_diary_change
from sessional.actions.series import preview_series

# A question is asked as question(desk, actor, **arguments) and answers a plain value with Refs in it.
Question = Callable[..., Awaitable[Any]]

QUESTIONS: Final[dict[str, Question]] = {
    "freeSlots": free_slots,
    "nextFree": next_free,
    "freeDays": free_days,
    "explainSlot": explain_slot,
    "previewSeries": preview_series,
    "diary": diary,
    "previewDiaryChange": preview_diary_change,
}

# Those that are told, as ``wanted``, which of their fields are asked for: a field can cost much.
SELECTIVE: Final = frozenset({"freeSlots"})
