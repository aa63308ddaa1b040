"""Fields of Mutation -> actions: GraphQL's input becomes plain arguments, outcomes become payloads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sessional import actions
from sessional.access import Action, Actor, Caller, may
from sessional.actions import Desk, second_factor
from sessional.actions.logged_in import change_password
from sessional.diary.values import Anyone, Wish
from sessional.errors import (
    BookingRefused,
    Forbidden,
    InvalidArgument,
    InvalidInput,
    InvalidTime,
    Unauthenticated,
    UnknownTherapist,
)
from sessional.graph.ids import NOBODY, number, number_or_nobody
from sessional.graph.plain import camel
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
    if not may(actor.role, mutation.action, minds_whose=True):  # see actions.booking
        raise Forbidden


# ---- entry --------------------------------------------------------------------------------------


async def _auth(desk: Desk, arguments: Arguments, caller: Caller) -> Mapping[str, Any]:
    tokens = await actions.log_in(
        desk,
        caller,
        username=bindable(arguments.get("username") or ""),
        password=arguments.get("password") or "",
        code=arguments.get("code"),
    )
    return {"accessToken": tokens.access_token, "refreshToken": tokens.refresh_token}


async def _refresh(desk: Desk, arguments: Arguments, caller: Caller) -> Mapping[str, Any]:
    tokens = await actions.refresh(desk, caller, refresh_token=arguments.get("refreshToken") or "")
    return {"newToken": tokens.access_token, "refreshToken": tokens.refresh_token}


async def _change_password(
    desk: Desk, arguments: Arguments, caller: Caller, actor: Actor
) -> Mapping[str, Any]:
    given = arguments["input"]

    async def change() -> Mapping[str, Any]:
        return await change_password(
            desk,
            actor,
            caller,
            current_password=given["currentPassword"],
            new_password=_text(given["newPassword"], "newPassword"),
        )

    return await _own_account(change(), {"revokedSessionIds": []})


async def _begin_second_factor(
    desk: Desk, arguments: Arguments, caller: Caller, actor: Actor
) -> Mapping[str, Any]:
    given = arguments["input"]
    doing = second_factor.begin(desk, actor, caller, current_password=given["currentPassword"])
    return await _own_account(doing, {"secret": None, "uri": None})


async def _confirm_second_factor(
    desk: Desk, arguments: Arguments, caller: Caller, actor: Actor
) -> Mapping[str, Any]:
    doing = second_factor.confirm(desk, actor, code=arguments["input"]["code"])
    return await _own_account(doing, {"recoveryCodes": [], "revokedSessionIds": []})


async def _turn_off_second_factor(
    desk: Desk, arguments: Arguments, caller: Caller, actor: Actor
) -> Mapping[str, Any]:
    given = arguments["input"]
    doing = second_factor.turn_off(
        desk, actor, caller, current_password=given["currentPassword"], code=given["code"]
    )
    return await _own_account(doing, {"revokedSessionIds": []})


async def _own_account(doing: Awaitable[Mapping[str, Any]], empty: Mapping[str, Any]) -> Mapping[str, Any]:
    """The payload of what changes how one logs in. No deeds: those are one transaction, and hashing a
    password takes too long for one; and what they answer is kept with its key, which no secret may be."""
    try:
        return {**camel(await doing), "replayed": False, "errors": []}
    except InvalidInput as refusal:
        return {**empty, "replayed": False, "errors": [user_error(refusal)]}


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
        book = actions.book if wish.anyone is None else actions.book_anyone
        booked = await book(desk, actor, wish, row.answer, row.values)
    except BookingRefused as refusal:
        return {"appointment": None, "replayed": False, "errors": [user_error(refusal)]}
    return {"appointment": booked.answer, "replayed": booked.replayed, "errors": []}


def _wish(given: Arguments) -> Wish:
    anyone = _anyone(given)
    therapist_id = NOBODY if anyone is not None else number(given["therapistId"])
    key = given.get("idempotencyKey")
    if therapist_id is None:
        raise UnknownTherapist
    return Wish(
        therapist_id=therapist_id,
        starts_at=given["startsAt"],
        duration_seconds=given.get("durationSeconds"),
        service_code=_text(given["service"], "service"),
        idempotency_key=None if key is None else _text(key, "idempotencyKey"),
        client_ids=tuple(dict.fromkeys(map(number_or_nobody, given.get("clientIds") or ()))),
        hold_id=_optional_number(given.get("holdId")),
        room_id=_optional_number(given.get("roomId")),
        override_rules=bool(given.get("overrideRules")),
        anyone=anyone,
    )


def _anyone(given: Arguments) -> Anyone | None:
    """Of whom any will do; None where a certain therapist is meant. Raises InvalidInput."""
    if not given.get("anyTherapist"):
        if given.get("therapistId") is None:
            raise InvalidInput("Say who: a therapistId, or anyTherapist.", path=["therapistId"])
        for field in ("therapistIds", "specialisms", "languages"):
            if given.get(field) is not None:
                raise InvalidInput("This goes with anyTherapist alone.", path=[field])
        return None
    for field in ("therapistId", "holdId"):
        if given.get(field) is not None:
            raise InvalidInput("This is about one therapist: leave it out with anyTherapist.", path=[field])
    if given.get("overrideRules"):
        raise InvalidInput("Rules are set aside for a certain therapist.", path=["overrideRules"])
    numbers = given.get("therapistIds")
    return Anyone(
        specialisms=_texts(given, "specialisms"),
        therapist_ids=None if numbers is None else tuple(map(number_or_nobody, numbers)),
        languages=_texts(given, "languages"),
    )


def _texts(given: Arguments, field: str) -> tuple[str, ...] | None:
    return None if (texts := given.get(field)) is None else tuple(_text(text, field) for text in texts)


def _optional_number(given: str | None) -> int | None:
    return None if given is None else number_or_nobody(given)


def _text(given: str, field: str) -> str:
    """A text of the input. Raises InvalidInput, for a payload, where no database could hold it."""
    try:
        return bindable(given)
    except InvalidArgument as refusal:
        raise InvalidInput(refusal.message, path=[field]) from None


MUTATIONS: Final[dict[str, Mutation]] = {
    "auth": Mutation(_auth),
    "refresh": Mutation(_refresh),
    "changePassword": Mutation(_change_password, Action.KEEP_OWN_ACCOUNT),
    "beginSecondFactor": Mutation(_begin_second_factor, Action.KEEP_SECOND_FACTOR),
    "confirmSecondFactor": Mutation(_confirm_second_factor, Action.KEEP_SECOND_FACTOR),
    "turnOffSecondFactor": Mutation(_turn_off_second_factor, Action.KEEP_SECOND_FACTOR),
    "appointment": Mutation(_appointment, Action.BOOK, "appointment"),
    "bookAppointment": Mutation(_book_appointment, Action.BOOK, "appointment"),
}
