"""Files by chance against the plainest possible reading of the rules, on both databases."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sessional.errors import ImportRefused
from tests.exchange.practice import Practice, appointment, therapist

Row = tuple[int | None, int, str, int, int]


@dataclass
class Plain:
    """Takes one line after the other and compares it with every one before."""

    rows: list[Row] = field(default_factory=list)
    refused: tuple[int, str] | None = None

    def take(self, lines: list[dict[str, Any]]) -> None:
        kept = list(self.rows)
        for number, line in enumerate(lines, start=1):
            start, length = line["startTimeUnixSeconds"], line["durationSeconds"]
            key = line.get("appointmentId")
            row = (key, line["therapistId"], line["type"], start, start + length)
            if any(row[1:] == other[1:] and key in (None, other[0]) for other in kept):
                continue
            if key is not None and any(key == other[0] for other in kept):
                self.refused = (number, "exists already")
                return
            if any(row[1] == o[1] and row[3] < o[4] and o[3] < row[4] for o in kept):
                self.refused = (number, "overlaps")
                return
            kept.append(row)
        self.rows = kept


APPOINTMENTS = st.builds(
    lambda key, whose, start, length, code: appointment(
        key, start, therapistId=whose, durationSeconds=length, type=code
    ),
    st.none() | st.integers(1, 30),
    st.integers(1, 2),
    st.integers(0, 40),
    st.integers(1, 6),
    st.sampled_from(["one-off", "one-off", "consultation"]),
)
FILES = st.lists(APPOINTMENTS, max_size=14)
# Enough apart that most can be taken, so that refusals come late.
CALM = st.lists(
    APPOINTMENTS, max_size=6, unique_by=lambda a: (a["therapistId"], a["startTimeUnixSeconds"] // 12)
)


# The first line that overlaps one above it is not its neighbour in the order of time.
NOT_NEIGHBOURS = [
    appointment(1, 0, durationSeconds=100),
    appointment(2, 50, durationSeconds=100),
    appointment(3, 20, durationSeconds=10),
]


@example(before=[], file=NOT_NEIGHBOURS)
@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(before=CALM, file=FILES | CALM)
def test_a_file_is_taken_or_refused_at_the_very_line_that_a_plain_reading_names(practice, before, file):
    plain = Plain()
    practice.run("DELETE FROM appointment")
    practice.take(therapist(1), therapist(2))
    for lines in (before, file):
        plain.refused = None
        plain.take(lines)
        refusal = None
        try:
            practice.take(*lines)
        except ImportRefused as error:
            refusal = error
        assert (refusal and refusal.line) == (plain.refused and plain.refused[0])
        assert refusal is None or plain.refused[1] in refusal.reason
        plain.rows = same_rows(practice, plain)


def same_rows(practice: Practice, plain: Plain) -> list[Row]:
    """The rows of the database, which are those of the plain reading with the ids it left open."""
    columns = "appointment_id, therapist_id, service_code, starts_at, ends_at"
    rows: list[Row] = [tuple(row) for row in practice.run(f"SELECT {columns} FROM appointment")]
    given = {row for row in plain.rows if row[0] is not None}
    open_ids = sorted(row[1:] for row in plain.rows if row[0] is None)
    assert given <= set(rows)
    made = [row for row in rows if row not in given]
    assert sorted(row[1:] for row in made) == open_ids
    assert all(row[0] > max([0, *(g[0] for g in given)]) for row in made)
    return rows
