"""Fields of Mutation -> actions: GraphQL's input becomes plain arguments, outcomes become payloads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sessional import actions
from sessional.access import Action, Actor, may
from sessional.actions import Desk
from sessional.diary.values import Wish
from sessional.errors import (
    BookingRefused,
    Forbidden,
    InvalidArgument,
    InvalidInput,
    InvalidTime,
    Unauthenticated,
    UnknownTherapist,
)
from sessional.graph.ids import number
from sessional.graph.plain import NOBODY
from sessional.graph.refusals import user_error
from sessional.graph.values import bindable
from sessional.store.store import RowAnswer

Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RowWish:
    """What a payload wants to know about the row that an action is about, and the values for it.

    The payload has the text that the database made in the place of the row.
    """

    answer: RowAnswer
    values: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Mutation:
    """A field of Mutation. ``row_field`` is the payload's field that a row of the database answers."""

    run: Callable[..., Awaitable[Mapping[str, Any]]]
    action: Action | None = None
    row_field: str | None = None

    @property
    def needs_token(self) -> bool:
        return self.action is not None


def admit(mutation: Mutation, actor: Actor | None) -> None:
    """Raises Unauthenticated or Forbidden where the actor may not do this."""
    if mutation.action is None:
        return
    if actor is None:
        raise Unauthenticated
    if not may(actor.role, mutation.action):
        raise Forbidden


# ---- entry --------------------------------------------------------------------------------------


async def _auth(desk: Desk, arguments: Arguments) -> Mapping[str, Any]:
    tokens = await actions.log_in(
        desk,
        username=bindable(arguments.get("username") or ""),
        password=arguments.get("password") or "",
    )
    return {"accessToken": tokens.access_token, "refreshToken": tokens.refresh_token}


async def _refresh(desk: Desk, arguments: Arguments) -> Mapping[str, Any]:
    token = arguments.get("refreshToken") or ""
    return {"newToken": await actions.refresh(desk, refresh_token=token)}


# ---- booking ------------------------------------------------------------------------------------


async def _appointment(desk: Desk, arguments: Arguments, actor: Actor, row: RowWish) -> Mapping[str, Any]:
    """The original's form: positional arguments, refusals as errors, the identical one again."""
    start, length = arguments.get("startTimeUnixSeconds"), arguments.get("durationSeconds")
    if start is None or length is None:
        missing = "startTimeUnixSeconds" if start is None else "durationSeconds"
        raise InvalidTime(f"`{missing}` is missing.", path=[missing])
    wish = Wish(
        therapist_id=-1 if (given := arguments.get("therapistId")) is None else given,
        starts_at=start,
        duration_seconds=length,
        service_code=bindable(arguments.get("type") or ""),
        identical_is_same=True,
        obeys_rules=False,
    )
    booked = await actions.book(desk, actor, wish, row.answer, row.values)
    return {"appointment": booked.answer}


async def _book_appointment(
    desk: Desk, arguments: Arguments, actor: Actor, row: RowWish
) -> Mapping[str, Any]:
    try:
        wish = _wish(arguments["input"])
        booked = await actions.book(desk, actor, wish, row.answer, row.values)
    except BookingRefused as refusal:
        return {"appointment": None, "replayed": False, "errors": [user_error(refusal)]}
    return {"appointment": booked.answer, "replayed": booked.replayed, "errors": []}


def _wish(given: Arguments) -> Wish:
    therapist_id = number(given["therapistId"])
    key = given.get("idempotencyKey")
    if therapist_id is None:
        raise UnknownTherapist
    return Wish(
        therapist_id=therapist_id,
        starts_at=given["startsAt"],
        duration_seconds=given.get("durationSeconds"),
        service_code=_text(given["service"], "service"),
        idempotency_key=None if key is None else _text(key, "idempotencyKey"),
        client_ids=tuple(dict.fromkeys(_number(text) for text in given.get("clientIds") or ())),
        hold_id=None if (hold := given.get("holdId")) is None else _number(hold),
        override_rules=bool(given.get("overrideRules")),
    )


def _number(given: str) -> int:
    """An id; one that no row has where it is no number."""
    return NOBODY if (found := number(given)) is None else found


def _text(given: str, field: str) -> str:
    """A text of the input. Raises InvalidInput, for a payload, where no database could hold it."""
    try:
        return bindable(given)
    except InvalidArgument as refusal:
        raise InvalidInput(refusal.message, path=[field]) from None


MUTATIONS: Final[dict[str, Mutation]] = {
    "auth": Mutation(_auth),
    "refresh": Mutation(_refresh),
    "appointment": Mutation(_appointment, Action.BOOK, "appointment"),
    "bookAppointment": Mutation(_book_appointment, Action.BOOK, "appointment"),
}
