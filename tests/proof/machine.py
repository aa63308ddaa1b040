"""Commands drawn by chance, given to the service and to the model: both come to the same, step by step.

A command is refused exactly where the model has a reason, and with one of the model's reasons. After each
the database itself is asked, by SQL over all rows, whether anybody is in two places.
"""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from tests.proof.commands.booking import Books
from tests.proof.commands.life import Lives
from tests.proof.commands.opening import (
    SERVICES,
    Opened,
    accounts,
    days,
    services,
    therapists,
)
from tests.proof.commands.rules import Rules
from tests.proof.commands.series import Recurs
from tests.proof.model import DAY
from tests.proof.promises import assert_kept, assert_search_agrees


class Watched(Opened):
    """The clock, and what must be true after each command."""

    @rule(minutes=st.sampled_from([1, 5, 30, 60, 400, 1440, 2000]))
    def time_passes(self, minutes: int) -> None:
        self.m.now += minutes * 60
        self.world.clock.now = self.m.now

    # ---- after every step --------------------------------------------------------------------------------

    @rule(who=accounts, t=therapists, s=services, day=days)
    def look(self, who: int, t: int, s: str, day: int) -> None:
        begin = self.base + day * DAY
        assert_search_agrees(self.world, self.m, who, self.therapists[t], s, begin, begin + DAY)

    @invariant()
    def promises_are_kept(self) -> None:
        assert_kept(self.world, self.m)

    @invariant()
    def search_explanation_and_booking_agree(self) -> None:
        """Of one diary and one day after each step, in turn."""
        self.steps += 1
        service = SERVICES[self.steps % len(SERVICES)]
        begin = self.base + self.steps % 8 * DAY
        therapist = self.therapists[self.steps % 2]
        assert_search_agrees(self.world, self.m, 1, therapist, service, begin, begin + DAY)


class Commands(Books, Lives, Recurs, Rules, Watched):
    """All commands."""


class OfSeries(Recurs, Watched):
    """Series alone: among all commands there are few to be moved."""
