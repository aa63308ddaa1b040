"""All checks, by name, in the order in which they are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from sessional.selftest import checks_booking as booking
from sessional.selftest import checks_entry as entry
from sessional.selftest import checks_reading as reading
from sessional.selftest.facts import Practice


class Needs(Enum):
    """What a check may do, and what it must find."""

    READING = "any service"
    DEMO = "a service with the demonstration's rows and nothing to lose"
    WRITING = "leave to book sessions, which stay"


@dataclass(frozen=True, slots=True)
class Check:
    """A sentence about the service, and how to find out whether it is true."""

    name: str
    run: Callable[[Practice], None]
    needs: Needs = Needs.READING


CHECKS: Final[tuple[Check, ...]] = (
    Check("the service is alive, and its database takes writes", entry.alive_and_ready),
    Check("the token's owner is who logged in", entry.viewer),
    Check(
        "without a token nothing is read, booked or told about the schema", entry.nothing_without_a_token
    ),
    Check("a wrong password and an unknown user are answered alike", entry.wrong_log_ins_are_alike),
    Check("the Bearer scheme is read in any case", entry.scheme_in_any_case),
    Check("a forged token is refused", entry.forged_tokens),
    Check("access and refresh tokens are not taken for each other", entry.kinds_of_tokens),
    Check("a refresh token obtains an access token that works", entry.refreshed),
    Check("a refresh token that is none is refused plainly", entry.bad_refresh),
    Check("a query may come by GET", entry.by_get),
    Check("a mutation by GET is 405", entry.mutation_by_get),
    Check("a body that is not well formed is 400", entry.malformed),
    Check("a document that is not valid is 400", entry.not_valid),
    Check("media types are negotiated", entry.media_types),
    Check(
        "operationName, variables as a text, and extensions are read as they should be", entry.parameters
    ),
    Check("answers are not to be kept, and carry the request's id", entry.headers),
    Check("an unknown address is 404", entry.unknown_address),
    Check("nothing internal stands in an error", entry.nothing_internal),
    Check("the schema can be read, and has the promised fields", reading.introspection),
    Check("the original's query with three filters is answered", reading.original_query),
    Check("every sort is in order, both ways", reading.every_sort),
    Check("several sort keys count one after the other", reading.several_keys),
    Check("pages forward hold every row once", reading.pages_forward),
    Check("pages backward hold every row once", reading.pages_backward),
    Check("pages tell what lies before and after them", reading.page_facts),
    Check("a page size that is negative or too large is refused", reading.page_sizes),
    Check("a cursor that is forged or of another sort is refused", reading.wrong_cursors),
    Check("nested lists are cut for each parent", reading.nested_lists),
    Check("empty and absent filters do not restrict", reading.no_restriction),
    Check("empty lists and backward ranges match nothing", reading.nothing_matches),
    Check("a type and its opposite add up to all", reading.types_add_up),
    Check("names of types are case-sensitive", reading.names_are_exact),
    Check("specialisms multiply no rows", reading.specialisms_multiply_nothing),
    Check("not a specialism means no such specialism at all", reading.no_such_specialism),
    Check("ranges in seconds include both ends, instants leave the last out", reading.ends_of_ranges),
    Check("people are found by name in any case", reading.names_in_any_case),
    Check("every type of object is found by its id", reading.every_node),
    Check("an id that names nothing is null without an error", reading.ids_of_nothing),
    Check("starts and ends agree in both forms", reading.both_forms_of_instants),
    Check("an appointment's therapist and service agree under all names", reading.one_therapist_two_names),
    Check("specialisms and therapists name each other", reading.both_ways),
    Check("the two sessions of the original are there", reading.original_rows, Needs.DEMO),
    Check("the original's creation is answered, and the same again", booking.original_creation, Needs.DEMO),
    Check("the identical session again is the same session", booking.identical_is_same, Needs.WRITING),
    Check("a session that overlaps another is refused", booking.overlap, Needs.WRITING),
    Check("sessions that touch do not overlap", booking.touching, Needs.WRITING),
    Check("unknown names and impossible times are refused by code", booking.impossible, Needs.WRITING),
    Check("a refused booking is answered with a typed error", booking.typed_errors, Needs.WRITING),
    Check("a slot offered instead of a taken one can be booked", booking.offers, Needs.WRITING),
    Check("a retry with the same key books nothing twice", booking.retries, Needs.WRITING),
    Check("a session after January 2038 is right in startsAt", booking.after_2038, Needs.WRITING),
)
