"""The product answers every operation as graphql-core does over plain objects.

Dozens of practices, many random operations against each, on every database. What `product` must be
is written in `sides.py`. Settings, from the environment:

    SESSIONAL_EQUALITY_EXAMPLES   how many operations on each database
    SESSIONAL_EQUALITY_SEED       a number: the same practices and operations at each run (it is 0);
                                  `random`: others at each run (the seed is in the test's name)
"""

import os
import random
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from . import practice as practices
from .comparison import assert_same
from .listings import listings_for
from .operations import operations_for
from .parts import Operation
from .sides import Answers, Reference, Side

EXAMPLES = int(os.environ.get("SESSIONAL_EQUALITY_EXAMPLES", "2400"))
PER_PRACTICE = 75  # of which a third may select anything, and the rest are lists
SEED = os.environ.get("SESSIONAL_EQUALITY_SEED", "0")
# All workers of one run must draw the same: pytest-xdist gives them a name in common.
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID")
FIRST_SEED = random.Random(RUN).randrange(10**9) if SEED == "random" else int(SEED)
SHRINKING_SECONDS = 15
SEEDS = range(FIRST_SEED, FIRST_SEED + -(-EXAMPLES // PER_PRACTICE))

Drawn = Callable[[practices.Practice], SearchStrategy[Operation]]


class Search:
    """Ends the search for a smaller example after a while: whatever was not found by then passes."""

    def __init__(self) -> None:
        self._ends_at = float("inf")
        self._failed: set[str] = set()

    def wants(self, operation: Operation) -> bool:
        return time.monotonic() < self._ends_at or repr(operation) in self._failed

    def found(self, operation: Operation) -> None:
        self._failed.add(repr(operation))
        self._ends_at = min(self._ends_at, time.monotonic() + SHRINKING_SECONDS)


def sides(product: Answers, practice: practices.Practice) -> tuple[Side, Side]:
    return Side(Reference(), practice), Side(product, practice)


def hold_together(expecting: Side, asked: Side, operation: Operation) -> None:
    document, variables = operation.asked_with(expecting.cursor_of)
    expected = expecting.answer(document, variables, operation.name)
    # Without data there would be nothing to compare, and two wrongs would look like a right.
    assert expected.get("data") is not None, expected
    document, variables = operation.asked_with(asked.cursor_of)
    actual = asked.answer(document, variables, operation.name)
    assert_same(expected, actual, document, variables, operation.name)


@pytest.mark.parametrize(
    ("drawn_from", "share"),
    [
        pytest.param(operations_for, 1 / 3, id="operations"),
        pytest.param(listings_for, 2 / 3, id="listings"),
    ],
)
@pytest.mark.parametrize("number", SEEDS)
def test_the_product_answers_every_operation_as_the_reference_does(
    product: Answers, number: int, drawn_from: Drawn, share: float
) -> None:
    practice = practices.build(number)
    expecting, asked = sides(product, practice)
    search = Search()

    @seed(number)
    @settings(
        max_examples=max(1, round(share * min(EXAMPLES, PER_PRACTICE))),
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(drawn_from(practice))
    def check(operation: Operation) -> None:
        if search.wants(operation):
            try:
                hold_together(expecting, asked, operation)
            except BaseException:
                search.found(operation)
                raise

    check()


@pytest.mark.parametrize(
    "arguments", ["", "first: 1000", "last: 110", "first: 101", "first: 120, last: 110"]
)
def test_a_long_list_is_cut_where_the_reference_cuts_it(product: Answers, arguments: str) -> None:
    page = "totalCount pageInfo { hasNextPage hasPreviousPage } edges { node { id } }"
    called = f"appointments({arguments})" if arguments else "appointments"
    document = f'{{ {called} {{ {page} }} therapist(therapistId: "5") {{ {called} {{ {page} }} }} }}'
    expecting, asked = sides(product, practices.build_long(1, 130))
    expected, actual = (side.answer(document, {}, None) for side in (expecting, asked))
    assert_same(expected, actual, document)
