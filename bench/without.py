"""`python -m bench.without PART serve …`: Sessional with one part of what keeps it safe left out.

So that what the part costs can be seen beside the whole: see costs.py. For measuring alone: nothing in
the product can leave a part out. Must not know: what is measured.
"""

import os
import re
import sys
from collections.abc import Callable
from dataclasses import replace

from sessional.cli import main
from sessional.store import select
from sessional.store.shape import Noted
from sessional.store.statements import Written, written

# Of ``book_at_once``: what puts the bookings on record.
_RECORD = re.compile(r"INSERT INTO audit_event .*?FROM b JOIN p USING \(appointment_id\)", re.DOTALL)


def limits() -> None:
    """Neither requests nor log-ins are counted."""
    os.environ |= {"SESSIONAL_REQUEST_RATE": "off", "SESSIONAL_LOGIN_RATE": "off"}


def changes() -> None:
    """What is changed does not go on record."""
    for database in ("postgres", "sqlite"):
        written(database)["audit_note"] = Written("SELECT 1", ())
    book = written("postgres")["book_at_once"]
    # A value that nothing uses has no type.
    unused = f"SELECT ${book.values.index('action') + 1}::text"
    sql, found = _RECORD.subn(unused, book.sql)
    assert found == 1, "book_at_once has changed"
    written("postgres")["book_at_once"] = replace(book, sql=sql)


def reads() -> None:
    """Whose data is read is not noticed."""
    whole = select._Maker.fields
    select._Maker.fields = lambda self, fields, source: whole(  # type: ignore[method-assign]
        self, tuple(item for item in fields if not isinstance(item, Noted)), source
    )


PARTS: dict[str, Callable[[], None]] = {"limits": limits, "changes": changes, "reads": reads}

if __name__ == "__main__":
    PARTS[sys.argv.pop(1)]()
    sys.exit(main())
