"""The tree of everything that can be said no to, and of everything that can go wrong.

    SessionalError
    ├── Refusal                  the person's request cannot be granted; the message is for them
    │   ├── EntryRefused         who is asking is not known, or not allowed in
    │   │   ├── Unauthenticated      UNAUTHENTICATED
    │   │   ├── BadCredentials       BAD_CREDENTIALS
    │   │   ├── SecondFactorRequired     SECOND_FACTOR_REQUIRED
    │   │   ├── SecondFactorWrong        SECOND_FACTOR_WRONG
    │   │   ├── SecondFactorNotSetUp     SECOND_FACTOR_NOT_SET_UP
    │   │   ├── RateLimited          RATE_LIMITED              (retry_after_seconds)
    │   │   ├── Forbidden            FORBIDDEN
    │   │   ├── SignInFailed         SIGN_IN_FAILED            (reason: for the log)
    │   │   ├── NotAdmitted          NOT_ADMITTED
    │   │   └── ProviderUnavailable  PROVIDER_UNAVAILABLE      (reason: for the log)
    │   ├── RequestRefused       the question itself is not one that can be answered
    │   │   ├── InvalidArgument      INVALID_ARGUMENT
    │   │   ├── InvalidCursor        INVALID_CURSOR
    │   │   ├── InvalidPageSize      INVALID_PAGE_SIZE
    │   │   └── TooCostly            TOO_COSTLY
    │   ├── BookingRefused       the diary, or a rule about bookings, says no
    │   │   ├── SlotTaken            SLOT_TAKEN                (alternatives)
    │   │   ├── UnknownTherapist     UNKNOWN_THERAPIST
    │   │   ├── UnknownService       UNKNOWN_SERVICE           (services)
    │   │   ├── InvalidTime          INVALID_TIME
    │   │   ├── InvalidInput         INVALID_INPUT
    │   │   ├── IdempotencyKeyReused     IDEMPOTENCY_KEY_REUSED
    │   │   ├── IdempotencyInProgress    IDEMPOTENCY_IN_PROGRESS
    │   │   ├── RuleRefused          RULE_REFUSED              (rules)
    │   │   ├── NotFound             NOT_FOUND                 (what)
    │   │   ├── HoldExpired          HOLD_EXPIRED
    │   │   ├── ClientBusy           CLIENT_BUSY
    │   │   ├── RoomTaken            ROOM_TAKEN
    │   │   ├── FullyBooked          FULLY_BOOKED
    │   │   ├── StaleVersion         STALE_VERSION             (appointment)
    │   │   ├── TransitionRefused    TRANSITION_REFUSED        (status, allowed)
    │   │   ├── CancelNotice         CANCEL_NOTICE             (notice_seconds, until)
    │   │   ├── DecisionsNeeded      DECISIONS_NEEDED          (appointments)
    │   │   ├── SessionsAhead        SESSIONS_AHEAD            (appointments)
    │   │   ├── SeriesConflict       SERIES_CONFLICT           (occurrences)
    │   │   ├── AlreadyExists        ALREADY_EXISTS
    │   │   └── TooManyEntries       TOO_MANY_ENTRIES          (most)
    │   └── ImportRefused        a line of a file cannot be taken (line)
    └── Fault                    something outside the request is wrong; never shown in detail
        ├── Unavailable              UNAVAILABLE (may be retried)
        │   └── Busy                     waited as long as it may for another transaction
        ├── DeadlineExceeded         DEADLINE_EXCEEDED
        ├── Unreadable               UNREADABLE (what is stored is kept as it is)
        ├── SettingsFault            the service cannot start as it is configured
        ├── SchemaFault              the database's schema is older or newer than the program
        └── BackupFault              a backup cannot be made, or not be restored there

A refusal carries a stable code, a sentence and its own data. Faults are caught only at the door:
what reaches a caller of theirs is a code and a sentence that names no part of the machinery.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from sessional.diary.rules import BrokenRule
    from sessional.diary.values import Slot


class SessionalError(Exception):
    """Anything that Sessional itself raises."""

    code: ClassVar[str]

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Refusal(SessionalError):
    """A request that cannot be granted, in the words of the person who made it.

    ``path`` names the input field that it is about, from the outside in, where there is one.
    """

    def __init__(self, message: str, *, path: Sequence[str] | None = None) -> None:
        super().__init__(message)
        self.path = None if path is None else list(path)

    @property
    def data(self) -> Mapping[str, Any]:
        """What a program can use beside the code: shown in ``extensions`` or as typed fields."""
        return {}


class EntryRefused(Refusal):
    """Who is asking is not known, or not allowed in."""


class Unauthenticated(EntryRefused):
    """No token, or one that is expired, forged, of the wrong kind, or of a disabled account."""

    code = "UNAUTHENTICATED"

    def __init__(self, message: str = "Log in first: this needs a valid access token.") -> None:
        super().__init__(message)


class BadCredentials(EntryRefused):
    """An unknown user, a wrong password or a disabled account: one answer for all three."""

    code = "BAD_CREDENTIALS"

    def __init__(self, message: str = "That username and password do not belong together.") -> None:
        super().__init__(message)


class SecondFactorRequired(EntryRefused):
    """The password was right, and the account has a second factor."""

    code = "SECOND_FACTOR_REQUIRED"

    def __init__(self) -> None:
        super().__init__("This account needs a code as well: the one that your app shows now.")


class SecondFactorWrong(EntryRefused):
    """The password was right; the code is not, or it was used before."""

    code = "SECOND_FACTOR_WRONG"

    def __init__(self) -> None:
        super().__init__("That code is wrong, or was used before. Wait for the next one.")


class SecondFactorNotSetUp(EntryRefused):
    """The practice wants a second factor, and the account has none yet."""

    code = "SECOND_FACTOR_NOT_SET_UP"

    def __init__(self) -> None:
        super().__init__("Set up a second factor first (beginSecondFactor), then log in again.")


class RateLimited(EntryRefused):
    """Too often: the same again is answered after ``seconds``."""

    code = "RATE_LIMITED"

    def __init__(self, seconds: int, message: str = "That was tried too often.") -> None:
        super().__init__(f"{message} Try again in {seconds} s.")
        self.seconds = seconds

    @property
    def data(self) -> Mapping[str, Any]:
        return {"retry_after_seconds": self.seconds}


class Forbidden(EntryRefused):
    """The actor is known, but this is not for their role."""

    code = "FORBIDDEN"

    def __init__(self, message: str = "Your account may not do this.") -> None:
        super().__init__(message)


class SignInFailed(EntryRefused):
    """What came back from the practice's identity provider is no proof of who somebody is.

    ``reason`` is for whoever runs the service, and holds nothing personal; empty where anybody could
    bring it about without the provider.
    """

    code = "SIGN_IN_FAILED"

    def __init__(self, reason: str = "") -> None:
        super().__init__("The sign-in could not be completed. Please begin again.")
        self.reason = reason


class NotAdmitted(EntryRefused):
    """The identity provider vouches for a name that no active account of a person has."""

    code = "NOT_ADMITTED"

    def __init__(self) -> None:
        super().__init__(
            "You are known to your practice's sign-in, but have no active account here. "
            "Please ask whoever runs Sessional for you."
        )


class ProviderUnavailable(EntryRefused):
    """The practice's identity provider does not answer as it has to; ``reason`` is for the log."""

    code = "PROVIDER_UNAVAILABLE"

    def __init__(self, reason: str) -> None:
        super().__init__(
            "Your practice's sign-in cannot be reached just now. Please try again in a moment."
        )
        self.reason = reason


class RequestRefused(Refusal):
    """The question itself is not one that can be answered."""


class InvalidArgument(RequestRefused):
    """An argument's value is of the right type but out of bounds."""

    code = "INVALID_ARGUMENT"


class InvalidCursor(RequestRefused):
    """A cursor that was made for another list or sort, or not made by this service at all."""

    code = "INVALID_CURSOR"


class InvalidPageSize(RequestRefused):
    """``first`` or ``last`` is negative or above the maximum."""

    code = "INVALID_PAGE_SIZE"


class TooCostly(RequestRefused):
    """Pages within pages could hold more rows together than one query may ask for, with all its fields."""

    code = "TOO_COSTLY"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"This asks for more than {most:,} rows, counting pages within pages. "
            "Ask for smaller pages with `first`, or for less within them."
        )


class BookingRefused(Refusal):
    """The diary, or a rule about bookings, says no. Nothing was written."""


class SlotTaken(BookingRefused):
    """The therapist has another session at that time; or, of all who were meant, ``nobody`` is free."""

    code = "SLOT_TAKEN"

    def __init__(self, alternatives: Sequence[Slot], *, nobody: bool = False) -> None:
        said = "The therapist has another session at that time."
        super().__init__("No therapist is free at that time." if nobody else said, path=["startsAt"])
        self.alternatives = tuple(alternatives)

    @property
    def data(self) -> Mapping[str, Any]:
        return {"alternatives": self.alternatives}


class UnknownTherapist(BookingRefused):
    """There is no therapist with that number."""

    code = "UNKNOWN_THERAPIST"

    def __init__(self, *, path: Sequence[str] = ("therapistId",)) -> None:
        super().__init__("There is no therapist with that number.", path=path)


class UnknownService(BookingRefused):
    """There is no service with that code."""

    code = "UNKNOWN_SERVICE"

    def __init__(self, services: Sequence[str], *, path: Sequence[str] = ("service",)) -> None:
        super().__init__("There is no service with that code.", path=path)
        self.services = tuple(services)

    @property
    def data(self) -> Mapping[str, Any]:
        return {"services": self.services}


class InvalidTime(BookingRefused):
    """A start or a length that no session can have."""

    code = "INVALID_TIME"


class InvalidInput(BookingRefused):
    """A value that is not of the form asked for."""

    code = "INVALID_INPUT"


class IdempotencyKeyReused(BookingRefused):
    """The key was used before, with other input."""

    code = "IDEMPOTENCY_KEY_REUSED"

    def __init__(self) -> None:
        super().__init__(
            "This idempotency key was used before with other input. Take a new key for a new booking.",
            path=["idempotencyKey"],
        )


class IdempotencyInProgress(BookingRefused):
    """Another request with this key has not finished within the time to wait."""

    code = "IDEMPOTENCY_IN_PROGRESS"

    def __init__(self) -> None:
        super().__init__(
            "Another request with this idempotency key has not finished yet. Ask again in a moment.",
            path=["idempotencyKey"],
        )


class RuleRefused(BookingRefused):
    """The rules of the diary or of the service do not allow this start."""

    code = "RULE_REFUSED"

    def __init__(self, rules: Sequence[BrokenRule]) -> None:
        super().__init__(" ".join(rule.message for rule in rules), path=["startsAt"])
        self.rules = tuple(rules)

    @property
    def data(self) -> Mapping[str, Any]:
        shown = ({"rule": r.rule.value, "message": r.message, "value": r.value} for r in self.rules)
        return {"rules": list(shown)}


class NotFound(BookingRefused):
    """There is no such thing, or it is not for the one who asks: the same answer for both."""

    code = "NOT_FOUND"

    def __init__(self, what: str, *, path: Sequence[str] | None = None) -> None:
        super().__init__(f"There is no {what} with that number.", path=path)
        self.what = what

    @property
    def data(self) -> Mapping[str, Any]:
        return {"what": self.what}


class HoldExpired(BookingRefused):
    """The hold has run out, or was released."""

    code = "HOLD_EXPIRED"

    def __init__(
        self,
        message: str = "The hold on this time has run out. Look for a time once more.",
        field: str = "holdId",
    ) -> None:
        super().__init__(message, path=[field])


class ClientBusy(BookingRefused):
    """The client has another session at that time."""

    code = "CLIENT_BUSY"

    def __init__(self) -> None:
        super().__init__("The client has another session at that time.", path=["startsAt"])


class RoomTaken(BookingRefused):
    """No room is free at that time, or the ``certain`` one that was asked for is not."""

    code = "ROOM_TAKEN"

    def __init__(self, *, certain: bool = False) -> None:
        said = "That room is taken at that time." if certain else "No room is free at that time."
        super().__init__(said, path=["roomId"])


class FullyBooked(BookingRefused):
    """The session has no place left; or there is none yet, and one would have so many ``places``."""

    code = "FULLY_BOOKED"

    def __init__(self, places: int | None = None) -> None:
        said = "The session has no place left."
        if places is not None:
            said = f"Sessions of this service have {places} {'place' if places == 1 else 'places'}."
        super().__init__(said, path=["clientIds"])


class StaleVersion(BookingRefused):
    """Somebody has changed the session since the caller looked. ``current`` is its state now."""

    code = "STALE_VERSION"

    def __init__(self, current: Any) -> None:
        super().__init__("Somebody has changed this session since you looked.", path=["expectedVersion"])
        self.current = current

    @property
    def data(self) -> Mapping[str, Any]:
        return {"appointment": self.current}


class TransitionRefused(BookingRefused):
    """A session in this state cannot become that."""

    code = "TRANSITION_REFUSED"

    def __init__(self, current: str, wanted: str, allowed: Sequence[str]) -> None:
        super().__init__(f"A session that is {current} cannot become {wanted}.")
        self.status, self.allowed = current, sorted(allowed)

    @property
    def data(self) -> Mapping[str, Any]:
        return {"status": self.status, "allowed": self.allowed}


class CancelNotice(BookingRefused):
    """Too late for the client: the notice that was agreed when it was booked has begun."""

    code = "CANCEL_NOTICE"

    def __init__(self, notice_seconds: int, until: int) -> None:
        hours = notice_seconds / 3600
        super().__init__(f"A client can change this session up to {hours:g} hours before it starts.")
        self.notice_seconds, self.until = notice_seconds, until

    @property
    def data(self) -> Mapping[str, Any]:
        return {"notice_seconds": self.notice_seconds, "until": self.until}


class DecisionsNeeded(BookingRefused):
    """The change of the diary touches sessions, and for some nobody has said what shall become of them."""

    code = "DECISIONS_NEEDED"

    def __init__(self, appointments: Sequence[Any]) -> None:
        super().__init__("Say for each affected session: keep, move or cancel.", path=["decisions"])
        self.appointments = list(appointments)

    @property
    def data(self) -> Mapping[str, Any]:
        return {"appointments": self.appointments}


class SessionsAhead(BookingRefused):
    """A client who has sessions ahead is not erased by the way."""

    code = "SESSIONS_AHEAD"

    def __init__(self, appointments: Sequence[Any]) -> None:
        super().__init__(
            f"The client has sessions ahead: {len(appointments)}. Cancel them, or say `cancelFuture`.",
            path=["cancelFuture"],
        )
        self.appointments = list(appointments)

    @property
    def data(self) -> Mapping[str, Any]:
        return {"appointments": self.appointments}


class SeriesConflict(BookingRefused):
    """Some sessions of a series cannot be. Nothing was booked or moved."""

    code = "SERIES_CONFLICT"

    def __init__(self, occurrences: Sequence[Mapping[str, Any]], count: int) -> None:
        numbers = ", ".join(str(occurrence["number"]) for occurrence in occurrences)
        super().__init__(
            f"Of {count} sessions these cannot be: {numbers}. Skip or move them with `choices`; "
            "nothing was changed.",
            path=["choices"],
        )
        self.occurrences = list(occurrences)

    @property
    def data(self) -> Mapping[str, Any]:
        return {"occurrences": self.occurrences}


class AlreadyExists(BookingRefused):
    """Something with that name exists already."""

    code = "ALREADY_EXISTS"

    def __init__(self, what: str, *, path: Sequence[str] | None = None) -> None:
        super().__init__(f"There is a {what} of that name already.", path=path)


class TooManyEntries(BookingRefused):
    """The client waits for as much as anybody may wait for at once."""

    code = "TOO_MANY_ENTRIES"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"The client has {most} open entries on the waitlist, and nobody has more. Leave one first.",
            path=["clientId"],
        )
        self.most = most

    @property
    def data(self) -> Mapping[str, Any]:
        return {"most": self.most}


class ImportRefused(Refusal):
    """A line of an import file cannot be taken; nothing of the file was written."""

    code = "IMPORT_REFUSED"

    def __init__(self, reason: str, *, line: int) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


class Fault(SessionalError):
    """Something outside the request is wrong. Its own text is for the log, never for a caller."""

    code = "INTERNAL_ERROR"
    public_message: ClassVar[str] = "Something went wrong here. It is on record under the request id."


class Unavailable(Fault):
    """The database cannot be reached, is read-only, full, or too busy. Nothing was acknowledged.

    Where the connection broke on the way back, what was asked for may have been done all the same.
    """

    code = "UNAVAILABLE"
    public_message = (
        "The service cannot reach its records just now. Try again: with the same idempotency key, "
        "nothing is booked twice."
    )


class Busy(Unavailable):
    """Another transaction was in the way for as long as one may wait."""

    public_message = "Too many people are changing the same thing just now. Nothing was changed; try again."


class DeadlineExceeded(Fault):
    """The request took longer than it may; what it was doing was stopped."""

    code = "DEADLINE_EXCEEDED"
    public_message = (
        "This took longer than a request may, and was stopped; nothing of it was changed. "
        "Ask for less at once, or try again."
    )


class Unreadable(Fault):
    """A stored text is encrypted with a key that is not here, or is damaged. It is kept as it is."""

    code = "UNREADABLE"
    public_message = (
        "What is stored here is encrypted, and no key that the service has opens it. It is kept as it is; "
        "whoever runs the service finds which key is missing in the log."
    )


class SettingsFault(Fault):
    """The service cannot start as it is configured; the text says what to change."""

    code = "SETTINGS"


class SchemaFault(Fault):
    """The database's schema is older or newer than this program; the text says what to do."""

    code = "SCHEMA"


class BackupFault(Fault):
    """A backup cannot be made, or cannot be restored to that place; the text says why."""

    code = "BACKUP"
