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
from tests.proof.machine import Commands
from tests.proof.world import World

EXAMPLES = os.environ.get("SESSIONAL_PROOF_EXAMPLES")
STEPS = int(os.environ.get("SESSIONAL_PROOF_STEPS", "25"))


def test_any_commands_in_any_order_come_to_what_the_model_says(books: Books) -> None:
    """Scenario 18, wherever a diary can get to: search, explanation, booking and rows agree."""
    with World(books) as world:
        run_state_machine_as_test(
            Commands.over(world),
            settings=settings(
                max_examples=int(EXAMPLES or 40),
                stateful_step_count=STEPS,
                deadline=None,
                derandomize=EXAMPLES is None,
                suppress_health_check=list(HealthCheck),
            ),
        )
