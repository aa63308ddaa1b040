"""Fields of Query whose answers are worked out here and not by one statement: free slots and the like.

Each takes a constant number of statements, however many therapists there are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from sessional.access import Action
from sessional.actions.calendar import diary
from sessional.actions.finding import explain_slot, free_days, free_slots, next_free
from sessional.actions.rules_preview import preview_diary_change
from sessional.actions.series import preview_series


@dataclass(frozen=True, slots=True)
class Question:
    """A field of Query that is worked out: run(desk, actor, **arguments) answers a plain value with
    Refs in it. ``minds_whose`` as in ``Deed``."""

    run: Callable[..., Awaitable[Any]]
    action: Action
    minds_whose: bool = False


QUESTIONS: Final[dict[str, Question]] = {
    "freeSlots": Question(free_slots, Action.FIND),
    "nextFree": Question(next_free, Action.FIND),
    "freeDays": Question(free_days, Action.FIND),
    "explainSlot": Question(explain_slot, Action.FIND),
    "previewSeries": Question(preview_series, Action.BOOK_SERIES, minds_whose=True),
    "diary": Question(diary, Action.SEE_DIARY, minds_whose=True),
    "previewDiaryChange": Question(preview_diary_change, Action.SET_HOURS, minds_whose=True),
}

# Those that are told, as ``wanted``, which of their fields are asked for: a field can cost much.
SELECTIVE: Final = frozenset({"freeSlots"})
