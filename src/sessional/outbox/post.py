"""A conversation with a mail server, by the standard library's smtplib. Blocks: runs in a thread.

Refusals are told by their number alone: what a server says beside it may repeat an address.
"""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final
from urllib.parse import unquote, urlsplit

# A mail server that says nothing for so long has no time for us.
PATIENCE_SECONDS: Final = 10


class NotNow(Exception):
    """The server did not take a mail, and may take it later."""


class Unreachable(NotNow):
    """There is no conversation to be had with the server at all."""


class Never(Exception):
    """The server will not take this mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where mail is handed in."""

    host: str
    port: int
    encrypted: bool
    username: str
    password: str


def parse(url: str) -> Place:
    """smtp://user:password@host:587 (TLS by STARTTLS where it is offered) or smtps://… (TLS at once).

    The settings have looked at its form.
    """
    parts = urlsplit(url)
    encrypted = parts.scheme == "smtps"
    return Place(
        host=parts.hostname or "",
        port=parts.port or (465 if encrypted else 25),
        encrypted=encrypted,
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


class Post:
    """Hands mails in, over one connection until ``close``."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._smtp: smtplib.SMTP | None = None

    def deliver(self, mail: EmailMessage) -> None:
        """Raises NotNow, Unreachable or Never. When it returns, the server has taken the mail."""
        smtp = self._smtp or self._connect()
        self._smtp = smtp
        try:
            smtp.send_message(mail)
        except smtplib.SMTPRecipientsRefused as refused:
            raise _refusal(min(code for code, _ in refused.recipients.values())) from None
        except (smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as refused:
            raise _refusal(refused.smtp_code, fatal=isinstance(refused, smtplib.SMTPDataError)) from None
        except smtplib.SMTPNotSupportedError:
            raise Never("SMTPUTF8 is not offered") from None
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Unreachable(type(error).__name__) from None

    def _connect(self) -> smtplib.SMTP:
        place, context = self._place, ssl.create_default_context()
        at = (place.host, place.port)
        smtp: smtplib.SMTP
        try:
            if place.encrypted:
                smtp = smtplib.SMTP_SSL(*at, timeout=PATIENCE_SECONDS, context=context)
            else:
                smtp = smtplib.SMTP(*at, timeout=PATIENCE_SECONDS)
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(type(error).__name__) from None
        try:
            self._enter(smtp, context)
        except smtplib.SMTPAuthenticationError as error:
            smtp.close()
            raise Unreachable(f"the log-in was refused ({error.smtp_code})") from None
        except (OSError, smtplib.SMTPException) as error:
            smtp.close()
            raise Unreachable(type(error).__name__) from None
        except Unreachable:
            smtp.close()
            raise
        return smtp

    def _enter(self, smtp: smtplib.SMTP, context: ssl.SSLContext) -> None:
        place = self._place
        smtp.ehlo()
        encrypted = place.encrypted
        if not encrypted and smtp.has_extn("starttls"):
            smtp.starttls(context=context)
            smtp.ehlo()
            encrypted = True
        if place.username:
            if not encrypted:
                raise Unreachable("the server offers no TLS, and a password is not sent without")
            smtp.login(place.username, place.password)

    def close(self) -> None:
        """Take leave, if there is anybody to take leave of."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()

    def hang_up(self) -> None:
        """End the conversation from another thread, in the middle of a word."""
        smtp = self._smtp
        if smtp is not None and smtp.sock is not None:
            with suppress(OSError):
                smtp.sock.close()


def _refusal(code: int, *, fatal: bool = True) -> NotNow | Never:
    """5xx is for good, where it is about this mail and not about who hands it in."""
    return Never(str(code)) if code >= 500 and fatal else NotNow(str(code))
