"""A server for each database engine whose accounts tests may do with as they like.

The fixtures of the contract, with a practice of their own: here sessions are revoked and passwords changed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.contract import practice
from tests.contract.conftest import Place, place
from tests.entry.people import Person

_numbers = itertools.count(1)


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def _entry(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(request, "entry", tmp_path_factory.mktemp("entry")) as found:
        yield found


@pytest.fixture(scope="module")
def desk(_entry: Place) -> Place:
    """Logged in anew for each module: tokens last ten minutes."""
    _entry.api.log_in(practice.USERNAME, practice.PASSWORD)
    return _entry


@pytest.fixture
def person(desk: Place) -> Person:
    """Somebody whose account is this test's alone."""
    name = f"person-{next(_numbers)}"
    practice.add_account(desk.database, name)
    return Person(desk, name, practice.PASSWORD)
