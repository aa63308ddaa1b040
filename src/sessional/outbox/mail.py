"""A notice -> a message that a mail server takes."""

from __future__ import annotations

from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from sessional.outbox.invitations import has_entry, invitation, method
from sessional.outbox.letters import Notice, subject, text


class Unwritable(ValueError):
    """No mail can be addressed to what the client's record says. The text names no address."""


def message(notice: Notice, sender: str) -> EmailMessage:
    """The mail. Its Message-ID is the same at every attempt. ``sender`` is as in a From line.

    Raises Unwritable.
    """
    name, address = parseaddr(sender)
    mail = EmailMessage()
    mail["From"] = _address(name, address)
    mail["To"] = _address(notice.client_name, notice.email)
    mail["Subject"] = subject(notice)
    mail["Date"] = format_datetime(datetime.fromtimestamp(notice.created_at, UTC))
    domain = address.rpartition("@")[2]
    mail["Message-ID"] = f"<notice-{notice.outbox_id}-{notice.created_at}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text(notice), cte="quoted-printable")
    if has_entry(notice):
        mail.add_alternative(
            invitation(notice, address),
            subtype="calendar",
            cte="quoted-printable",
            params={"method": method(notice)},
        )
    return mail


def _address(name: str, address: str) -> Address:
    try:
        return Address(display_name=_printable(name), addr_spec=address)
    except (MessageError, ValueError, IndexError) as error:
        raise Unwritable(type(error).__name__) from None


def _printable(name: str) -> str:
    """A name that stays within its line."""
    return "".join(character if character.isprintable() else " " for character in name)
