"""A mail server on loopback that keeps what it is given, and can be told to refuse."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from icalendar import Calendar

SENDER = "The Practice <desk@practice.example>"


@dataclass
class Mailbox:
    """What arrived, in order. ``answers`` are what the next mails are told instead of being taken."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    tries: int = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.tries += 1
        if self.answers:
            return self.answers.pop(0)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        assert [mail["To"].addresses[0].addr_spec] == envelope.rcpt_tos
        self.mails.append(mail)
        return "250 kept"

    async def until(self, count: int, seconds: float = 20) -> list[EmailMessage]:
        """All mails, once there are so many."""
        end = time.monotonic() + seconds
        while len(self.mails) < count and time.monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        assert len(self.mails) >= count, [subject(mail) for mail in self.mails]
        return self.mails


@contextmanager
def listening(box: Mailbox, **options: Any) -> Iterator[Mailbox]:
    """The mailbox behind a port of its own."""
    if not box.port:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            box.port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port, **options)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


# ---- what a mail says -------------------------------------------------------------------------------


def subject(mail: EmailMessage) -> str:
    return str(mail["Subject"])


def text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def calendar_part(mail: EmailMessage) -> EmailMessage:
    (part,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert isinstance(part, EmailMessage)
    return part


def calendar(mail: EmailMessage) -> Calendar:
    """The calendar part, whose method is that of its header."""
    part = calendar_part(mail)
    read = Calendar.from_ical(part.get_content())
    assert isinstance(read, Calendar)
    assert str(read["METHOD"]) == part.get_param("method")
    return read


def entries(mail: EmailMessage) -> list[tuple[str, int, str, str]]:
    """UID, SEQUENCE, start in UTC and status of each entry."""
    return [
        (
            str(e["UID"]),
            int(e["SEQUENCE"]),
            e["DTSTART"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
            str(e["STATUS"]),
        )
        for e in calendar(mail).walk("VEVENT")
    ]
