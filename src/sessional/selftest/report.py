"""Runs the checks one after the other, and tells each outcome in a line."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sessional.selftest.caller import Caller, NotAnswering
from sessional.selftest.facts import Failed, LeftOut, Practice, gather
from sessional.selftest.table import CHECKS, Check, Needs

Tell = Callable[[str], None]


@dataclass(slots=True)
class Outcome:
    """How many checks passed, failed, and could not be made here."""

    passed: int = 0
    failed: int = 0
    left_out: int = 0

    def __str__(self) -> str:
        counted = f"{self.passed} passed, {self.failed} failed"
        return f"{counted}, {self.left_out} left out" if self.left_out else counted


def run(url: str, *, username: str, password: str, leave: Collection[Needs], tell: Tell) -> Outcome:
    """Make the checks that there is leave for at ``url``. Raises NotAnswering where nobody answers."""
    outcome = Outcome()
    practice = _enter(Caller(url=url), username, password, outcome, tell)
    if practice is not None:
        for check in CHECKS:
            if check.needs in leave:
                _make(check, practice, outcome, tell)
    tell(str(outcome))
    return outcome


def _enter(caller: Caller, username: str, password: str, outcome: Outcome, tell: Tell) -> Practice | None:
    """What is there to check, as one who is logged in sees it; None where that already fails."""
    name = "a log-in is answered with two tokens, and they open the lists"
    try:
        practice = gather(caller, username, password)
    except Failed as failure:
        outcome.failed += 1
        _say(tell, "FAILED", name, str(failure))
        return None
    outcome.passed += 1
    _say(tell, "ok", name)
    return practice


def _make(check: Check, practice: Practice, outcome: Outcome, tell: Tell) -> None:
    try:
        _patiently(check, practice)
    except LeftOut as reason:
        outcome.left_out += 1
        _say(tell, "–", check.name, f"left out: {reason}")
    except (Failed, NotAnswering) as failure:
        outcome.failed += 1
        _say(tell, "FAILED", check.name, str(failure))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        outcome.failed += 1
        _say(tell, "FAILED", check.name, f"the answer is of another form: {error!r}")
    else:
        outcome.passed += 1
        _say(tell, "ok", check.name)


def _patiently(check: Check, practice: Practice) -> None:
    """Twice if need be: on a service in use a row may come between one question and the next."""
    try:
        check.run(practice)
    except Failed:
        if check.needs is not Needs.READING:
            raise
        check.run(practice)


def _say(tell: Tell, verdict: str, name: str, reason: str = "") -> None:
    tell(f"{verdict:<7} {name}")
    if reason:
        tell(f"        {reason}")
