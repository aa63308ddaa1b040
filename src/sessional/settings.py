"""Every setting: its name, its default, one line of help. Read once, then frozen.

A value comes, in this order, from the command line, the environment (``SESSIONAL_NAME``), an env
file, or the default. Settings are read in ``cli`` and ``web/app.py`` alone; everything else gets
plain arguments.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from io import StringIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from dotenv import dotenv_values
from dotenv.parser import Original, parse_stream

from sessional.errors import SettingsFault

PREFIX: Final = "SESSIONAL_"
# Names the env file itself, so it is no setting that a file could hold.
ENV_FILE: Final = "SESSIONAL_ENV_FILE"
SHORTEST_SECRET_BYTES: Final = 32
_DSN: Final = re.compile(r"https?://[^@/\s]+@[^@/\s]+(/[^/\s]+)+")
_RATE: Final = re.compile(r"([1-9]\d{0,6})/(second|minute|hour)")
_PERIODS: Final = {"second": 1, "minute": 60, "hour": 3600}
_SMTP: Final = re.compile(r"smtps?://(\S+@)?[^@/\s]+/?")
_MAIL_FROM: Final = re.compile(r"([^<>@\r\n]*<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)")
# A reminder longer ahead than this would be written before most sessions are booked.
_MOST_REMINDER_HOURS: Final = 720
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
CALLBACK: Final = "/sign-in/callback"
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off", ""})


def _setting(
    default: Any, help_: str, *, secret: bool = False, least: int | None = None, most: int | None = None
) -> Any:
    metadata = {"help": help_, "secret": secret, "least": least, "most": most}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this service runs."""

    database: str = _setting(
        "sqlite:///sessional.db", "Where the data is: sqlite:///path.db or postgresql://…"
    )
    host: str = _setting("127.0.0.1", "The address to listen on; 0.0.0.0 is every one")
    port: int = _setting(8000, "The port to listen on", least=0, most=65_535)
    workers: int = _setting(1, "How many processes answer requests", least=1)
    secret: str = _setting(
        "", "Signs the tokens; at least 32 bytes. SQLite makes one where it is empty", secret=True
    )
    secret_previous: str = _setting(
        "", "During a change of secret: the old one, which still verifies tokens", secret=True
    )
    encryption_key: str = _setting(
        "",
        "Encrypts clients' contact data and notes; at least 32 bytes. SQLite makes one where it is empty",
        secret=True,
    )
    encryption_key_previous: str = _setting(
        "", "During a change of that key: the old one, which still decrypts", secret=True
    )
    access_token_seconds: int = _setting(600, "How long an access token lasts", least=1)
    refresh_token_seconds: int = _setting(2_592_000, "How long a refresh token lasts", least=1)
    refresh_rotation: bool = _setting(
        True,
        "Whether a refresh gives a new refresh token and ends the old one; off for clients that keep one",
    )
    login_rate: str = _setting(
        "10/minute",
        "How many log-ins of an account, or from an address, may fail: N/second, /minute or /hour; or off",
    )
    second_factor: str = _setting(
        "optional",
        "Whether staff must have a second factor: optional, or required; who has none may only set it up",
    )
    hashings_at_once: int = _setting(2, "How many passwords are hashed at once by each worker", least=1)
    trusted_proxies: int = _setting(
        0, "How many proxies stand in front, whose X-Forwarded-For is believed", least=0
    )
    page_size: int = _setting(100, "Rows of a page where a query does not say", least=1)
    page_size_most: int = _setting(1_000, "Rows of a page at most", least=1)
    rows_most: int = _setting(
        500_000, "Rows of a query at most, of all fields, with pages within pages", least=1
    )
    body_bytes: int = _setting(100_000, "The size of a request's body at most", least=1_000)
    document_tokens: int = _setting(5_000, "The words of a GraphQL document at most", least=100)
    document_depth: int = _setting(15, "How deep fields may be nested", least=3)
    document_aliases: int = _setting(200, "The aliases of a document at most, fragments opened", least=1)
    document_directives: int = _setting(
        100, "The directives of a document at most, fragments opened", least=1
    )
    root_fields: int = _setting(50, "The fields at the root of an operation at most", least=1)
    documents_remembered: int = _setting(
        1_000, "Documents kept parsed and planned, so that each costs its parsing once", least=1
    )
    database_connections: int = _setting(10, "Connections to PostgreSQL for each worker", least=1)
    request_seconds: int = _setting(
        10, "How long the database may work on a statement before it is stopped", least=1
    )
    hold_seconds: int = _setting(300, "How long a time stays held for who asked", least=1)
    offer_seconds: int = _setting(
        86_400, "How long somebody on the waitlist has to accept what they are offered", least=1
    )
    idempotency_hours: int = _setting(48, "How long idempotency keys are remembered", least=24)
    retention_client_days: int = _setting(
        0,
        "How many days after their last session clients are erased by `sessional retention`; 0: never",
        least=0,
    )
    retention_audit_days: int = _setting(
        0, "After how many days `sessional retention` removes entries of the record; 0: never", least=0
    )
    smtp_url: str = _setting(
        "", "The mail server: smtp://user:password@host:587 or smtps://…; no mail if empty", secret=True
    )
    mail_from: str = _setting("", "Who mail comes from: Practice <appointments@example.org>")
    reminder_hours: str = _setting(
        "24", "How many hours before a session its reminder goes out; several as 48,2; none if empty"
    )
    oidc_issuer: str = _setting(
        "", "The practice's identity provider, as it names itself: https://…; no sign-in there if empty"
    )
    oidc_client_id: str = _setting("", "What Sessional is called at the identity provider")
    oidc_client_secret: str = _setting("", "What Sessional proves that with", secret=True)
    oidc_redirect_url: str = _setting(
        "", "Where the provider sends people back to: https://…/sign-in/callback, or a page of your own"
    )
    oidc_claim: str = _setting(
        "preferred_username", "What the provider vouches for that is the account's name; email if verified"
    )
    log_format: str = _setting("human", "How log lines look: human or json")
    log_level: str = _setting("info", "What is logged: debug, info, warning or error")
    production: bool = _setting(
        False, "Whether strangers shall learn little: turns the next three off where they are not set"
    )
    introspection: str = _setting("", "Whether the API tells its schema: 1 or 0")
    suggestions: str = _setting("", "Whether a message about an unknown name proposes the nearest: 1 or 0")
    graphiql: str = _setting("", "Whether browsers are shown GraphiQL: 1 or 0")
    trusted_documents: str = _setting("", "A file of documents by their hashes: then no others are run")
    metrics: bool = _setting(True, "Whether /metrics shows numbers to Prometheus")
    sentry_dsn: str = _setting("", "Where exceptions are reported; nowhere if empty", secret=True)
    request_rate: str = _setting(
        "1000000/minute", "Requests of one account, or of one address, to each worker: like LOGIN_RATE"
    )
    receive_seconds: int = _setting(
        20, "How long a request may take to arrive before its connection is closed", least=1
    )
    shutdown_seconds: int = _setting(10, "How long requests in flight may finish after SIGTERM", least=1)

    def shows(self, name: str) -> bool:
        """Whether ``introspection``, ``suggestions`` or ``graphiql`` is on: as it says, else outside of
        production."""
        given: str = getattr(self, name)
        return not self.production if given == "" else _boolean(name, given)

    @property
    def signs_in_here(self) -> bool:
        """Whether the identity provider sends people back to our own page."""
        return urlsplit(self.oidc_redirect_url).path == CALLBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Settings, where each came from, and what to warn of."""

    settings: Settings
    sources: Mapping[str, str]
    warnings: tuple[str, ...]


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def load(
    environment: Mapping[str, str],
    *,
    env_file: Path | None = None,
    options: Mapping[str, Any] | None = None,
) -> Loaded:
    """Read all settings. Raises SettingsFault for a value that cannot be, in one sentence.

    ``options`` are those of the command line; None there means "not given".
    """
    file, bad_lines = ({}, []) if env_file is None else _read(env_file)
    layers = [
        ("option", {k: v for k, v in (options or {}).items() if v is not None}),
        ("environment", _named(environment)),
        (f"file {env_file}", _named(file)),
    ]
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for setting in fields(Settings):
        for source, layer in layers:
            if setting.name in layer:
                values[setting.name] = _typed(setting, layer[setting.name])
                sources[setting.name] = source
                break
        else:
            sources[setting.name] = "default"
    settings = Settings(**values)
    _check(settings)
    return Loaded(
        settings=settings,
        sources=sources,
        warnings=(*bad_lines, *_unknown({*environment, *file})),
    )


def _read(env_file: Path) -> tuple[dict[str, str], list[str]]:
    """What an env file sets, and a warning for each line that sets nothing. Raises SettingsFault."""
    if not env_file.is_file():
        raise SettingsFault(f"There is no env file {env_file}.")
    lines = list(parse_stream(StringIO(env_file.read_text(encoding="utf-8"))))
    # The library logs a line that it cannot read; it is not given one.
    good = StringIO("".join(line.original.string for line in lines if not line.error))
    values = {k: v for k, v in dotenv_values(stream=good).items() if v is not None}
    return values, [_bad_line(env_file, line.original) for line in lines if line.error]


def _bad_line(env_file: Path, found: Original) -> str:
    """The empty lines before it are counted to a line by the library."""
    text = found.string
    number = found.line + text[: len(text) - len(text.lstrip())].count("\n")
    return f"Line {number} of {env_file} is not of the form NAME=value; it has no effect."


def _named(environment: Mapping[str, str]) -> dict[str, str]:
    known = {variable(f.name): f.name for f in fields(Settings)}
    return {known[key]: value for key, value in environment.items() if key in known}


def _typed(setting: Any, raw: Any) -> Any:
    kind = type(setting.default)
    if not isinstance(raw, str) or kind is str:
        value = raw
    elif kind is bool:
        value = _boolean(setting.name, raw)
    else:
        try:
            value = int(raw)
        except ValueError:
            raise SettingsFault(f"{variable(setting.name)} must be a whole number, not “{raw}”.") from None
    _check_bounds(setting, value)
    return value


def _check_bounds(setting: Any, value: Any) -> None:
    least, most = setting.metadata["least"], setting.metadata["most"]
    if most is not None and not least <= value <= most:
        raise SettingsFault(f"{variable(setting.name)} must be from {least} to {most}, not {value}.")
    if least is not None and value < least:
        raise SettingsFault(f"{variable(setting.name)} must be at least {least}, not {value}.")


def _boolean(name: str, raw: str) -> bool:
    lowered = raw.strip().lower()
    if lowered not in _TRUE | _FALSE:
        raise SettingsFault(f"{variable(name)} must be 1 or 0, not “{raw}”.")
    return lowered in _TRUE


def _check(settings: Settings) -> None:
    for name in ("secret", "secret_previous", "encryption_key", "encryption_key_previous"):
        value: str = getattr(settings, name)
        if value and len(value.encode()) < SHORTEST_SECRET_BYTES:
            raise SettingsFault(f"{variable(name)} must have at least {SHORTEST_SECRET_BYTES} bytes.")
    choices = {
        "log_format": ("human", "json"),
        "log_level": ("debug", "info", "warning", "error"),
        "second_factor": ("optional", "required"),
    }
    for name, allowed in choices.items():
        if getattr(settings, name) not in allowed:
            raise SettingsFault(f"{variable(name)} must be one of: {', '.join(allowed)}.")
    for name in ("introspection", "suggestions", "graphiql"):
        settings.shows(name)
    for name in ("login_rate", "request_rate"):
        rate(getattr(settings, name), name)
    if settings.sentry_dsn and not _DSN.fullmatch(settings.sentry_dsn):
        raise SettingsFault("SESSIONAL_SENTRY_DSN must have the form https://key@host/project.")
    _check_mail(settings)
    _check_provider(settings)
    if settings.page_size > settings.page_size_most:
        raise SettingsFault("SESSIONAL_PAGE_SIZE must not be above SESSIONAL_PAGE_SIZE_MOST.")


def rate(text: str, name: str) -> tuple[int, int] | None:
    """How many in how many seconds; None for “off”. Raises SettingsFault."""
    if text.strip().lower() in _FALSE:
        return None
    match = _RATE.fullmatch(text.strip().lower())
    if match is None:
        raise SettingsFault(f"{variable(name)} must be like 10/minute (or /second, /hour), or off.")
    return int(match[1]), _PERIODS[match[2]]


def _check_mail(settings: Settings) -> None:
    reminder_leads(settings)
    if not settings.smtp_url:
        return
    if not _SMTP.fullmatch(settings.smtp_url) or not _has_port(settings.smtp_url):
        raise SettingsFault("SESSIONAL_SMTP_URL must have the form smtp://user:password@host:port.")
    if not _MAIL_FROM.fullmatch(settings.mail_from):
        raise SettingsFault(
            "With SESSIONAL_SMTP_URL, SESSIONAL_MAIL_FROM must be an address: name@example.org."
        )


def _check_provider(settings: Settings) -> None:
    """All of it or nothing, and nothing that would send a secret or a token in clear."""
    together = ("oidc_issuer", "oidc_client_id", "oidc_client_secret", "oidc_redirect_url")
    missing = [variable(name) for name in together if not getattr(settings, name)]
    if len(missing) == len(together):
        return
    if missing:
        raise SettingsFault(f"Sign-in with an identity provider needs {', '.join(missing)} as well.")
    for name in ("oidc_issuer", "oidc_redirect_url"):
        if not _is_kept_from_others(getattr(settings, name)):
            raise SettingsFault(f"{variable(name)} must have the form https://host/path, without a query.")
    if not settings.oidc_claim:
        raise SettingsFault("SESSIONAL_OIDC_CLAIM must name a claim, such as preferred_username.")
    if settings.signs_in_here and not settings.shows("graphiql"):
        raise SettingsFault(
            "SESSIONAL_OIDC_REDIRECT_URL must be a page of your own where SESSIONAL_GRAPHIQL is off: "
            "nothing here could take the tokens."
        )


def _is_kept_from_others(url: str) -> bool:
    """Whether it is by TLS, or within this machine; and plainly an address."""
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        return False
    plain = not (parts.query or parts.fragment or "@" in parts.netloc or any(c.isspace() for c in url))
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain and _has_port(url)


def _has_port(url: str) -> bool:
    """Whether the port is none, or one that there can be."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def reminder_leads(settings: Settings) -> tuple[int, ...]:
    """How many seconds before a session reminders go out. Raises SettingsFault."""
    given = [part.strip() for part in settings.reminder_hours.split(",") if part.strip()]
    if not all(part.isdecimal() and 1 <= int(part) <= _MOST_REMINDER_HOURS for part in given):
        raise SettingsFault(
            f"SESSIONAL_REMINDER_HOURS must be whole hours, 1 to {_MOST_REMINDER_HOURS}, as 24 or 48,2."
        )
    return tuple(sorted({int(part) * 3600 for part in given}))


def _unknown(names: Iterable[str]) -> Iterable[str]:
    """A warning for each name that looks like a setting but is none, with the nearest one."""
    known = [variable(f.name) for f in fields(Settings)]
    for name in sorted(n for n in names if n.startswith(PREFIX) and n not in (*known, ENV_FILE)):
        nearest = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {nearest[0]}?" if nearest else ""
        yield f"There is no setting {name}; it has no effect.{hint}"


def shown(setting_name: str, value: Any) -> str:
    """A setting's value as a person may see it: secrets masked."""
    metadata = next(f.metadata for f in fields(Settings) if f.name == setting_name)
    if metadata["secret"] and value:
        return "********"
    if setting_name == "database":
        return _without_password(str(value))
    return str(int(value)) if isinstance(value, bool) else str(value)


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    entry, at, place = rest.rpartition("@")
    if not at or ":" not in entry:
        return url
    return f"{scheme}{separator}{entry.split(':', 1)[0]}:********@{place}"
