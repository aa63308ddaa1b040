"""Whatever is done, in whatever order: the service does what a model does, and nobody is in two places.

SESSIONAL_PROOF_EXAMPLES   how many runs of commands on each database; where it is set, they are
                           others every time
SESSIONAL_PROOF_STEPS      how many commands a run has at most
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.booking.books import Books
from tests.proof.commands.opening import Opened
from tests.proof.machine import Commands, OfSeries
from tests.proof.world import World

EXAMPLES = os.environ.get("SESSIONAL_PROOF_EXAMPLES")
STEPS = int(os.environ.get("SESSIONAL_PROOF_STEPS", "25"))


def hold_side_by_side(books: Books, commands: type[Opened], examples: int) -> None:
    with World(books) as world:
        run_state_machine_as_test(
            commands.over(world),
            settings=settings(
                max_examples=int(EXAMPLES or examples),
                stateful_step_count=STEPS,
                deadline=None,
                derandomize=EXAMPLES is None,
                suppress_health_check=list(HealthCheck),
            ),
        )


def test_any_commands_in_any_order_come_to_what_the_model_says(books: Books) -> None:
    """Scenario 18, wherever a diary can get to: search, explanation, booking and rows agree."""
    hold_side_by_side(books, Commands, 30)


def test_series_that_are_booked_moved_and_cancelled_come_to_what_the_model_says(books: Books) -> None:
    """One session of them is moved by itself among all commands; here those that follow, and all."""
    hold_side_by_side(books, OfSeries, 10)
