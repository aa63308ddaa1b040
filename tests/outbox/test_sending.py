"""Sending: at least once, by one process at a time, with patience, and with an end."""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sessional.keyring import Keyring
from sessional.outbox.letters import Notice, notice_of
from sessional.outbox.post import parse
from sessional.outbox.sender import LEASE_SECONDS, MOST_ATTEMPTS, Sender, Told, delay_seconds
from sessional.store.store import Store
from tests.booking.books import Books
from tests.booking.in_process import started
from tests.diary_api.conftest import Practice
from tests.diary_api.test_life import HOUR, TEN, at
from tests.outbox.conftest import Clock, Office, token
from tests.outbox.mailbox import SENDER, Mailbox, listening
from tests.outbox.test_notices import booked
from tests.support.server import running, sessional


async def test_what_the_server_does_not_take_now_is_tried_again_later_with_the_same_id(
    office: Office, therapist: int
) -> None:
    office.box.answers = ["451 try again", "421 busy"]
    await booked(office, therapist, await office.person())
    for wait in (60, 120):
        await office.until(f"SELECT count(*) = 1 FROM outbox WHERE next_at = {office.clock.now + wait}")
        assert office.box.mails == []
        office.clock.now += wait
    (mail,) = await office.box.until(1)
    await office.settled()
    assert [row[:3] for row in await office.outcomes()] == [("BOOKED", "SENT", 3)]
    assert re.fullmatch(r"<notice-1-\d+@practice\.example>", mail["Message-ID"])


async def test_what_is_refused_for_good_is_given_up_at_once_seen_and_tried_again_when_told_to(
    office: Office, therapist: int
) -> None:
    office.box.answers = ["550 no such user client@example.org"]
    client = await office.person("Ana Private", email="ana.private@example.org")
    number = await booked(office, therapist, client)
    await office.settled()
    listed = await asyncio.to_thread(sessional, "outbox", "list", "--database", office.books.url)
    assert listed.returncode == 0, listed.stderr
    heading, line = listed.stdout.splitlines()
    assert heading.split()[:3] == ["notice", "state", "kind"]
    assert line.split()[:6] == ["1", "DEAD", "BOOKED", number, client, "1"]
    assert line.endswith("refused: 550")
    assert "private" not in listed.stdout.lower()
    wrong = await asyncio.to_thread(sessional, "outbox", "retry", "2", "--database", office.books.url)
    assert (wrong.returncode, wrong.stderr) == (
        1,
        "sessional: There is no notice 2 that was given up.\n",
    )
    again = await asyncio.to_thread(sessional, "outbox", "retry", "--database", office.books.url)
    assert again.stdout == "To be tried again: 1 notice.\n"
    office.clock.now = int(time.time()) + 1
    await office.box.until(1)
    await office.settled()
    listed = await asyncio.to_thread(sessional, "outbox", "list", "--database", office.books.url)
    assert listed.stdout == "Nothing waits, and nothing was given up.\n"


async def test_an_address_that_no_key_opens_keeps_back_no_other_mail_and_is_tried_again(
    office: Office, therapist: int
) -> None:
    ana, ben = await office.person("Ana"), await office.person("Ben")
    [(address,)] = await office.books.run("SELECT email FROM client WHERE client_id = $1", int(ana))
    assert address.startswith("sealed:1:")
    elsewhere = "UPDATE client SET email = $1 WHERE client_id = $2"
    await office.books.run(elsewhere, "sealed:1:00000000:AAAA", int(ana))
    await booked(office, therapist, ana, startsAt=at(TEN))
    await booked(office, therapist, ben, startsAt=at(TEN + HOUR))
    (mail,) = await office.box.until(1)
    assert "Ben" in mail["To"]
    await office.until(
        "SELECT count(*) = 1 FROM outbox WHERE outcome = 'Unreadable' AND status = 'WAITING'"
    )
    await office.books.run(elsewhere, address, int(ana))
    office.clock.now += 60
    assert "Ana" in (await office.box.until(2))[1]["To"]
    await office.settled()


async def test_a_notice_that_is_erased_after_it_was_claimed_ends_nothing(
    office: Office, therapist: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three wait together; the second goes while the first is handed over."""
    office.box.answers = ["451 try again"] * 3
    people = [await office.person(name) for name in ("Ana", "Ben", "Cem")]
    for hour, person in enumerate(people):
        await booked(office, therapist, person, startsAt=at(TEN + hour * HOUR))
    await office.until(f"SELECT count(*) = 3 FROM outbox WHERE next_at = {office.clock.now + 60}")
    take = office.box.handle_DATA

    async def erased_meanwhile(*given: Any) -> str:
        await office.books.run("DELETE FROM outbox WHERE client_id = $1", int(people[1]))
        return await take(*given)

    monkeypatch.setattr(office.box, "handle_DATA", erased_meanwhile)
    office.clock.now += 60
    mails = await office.box.until(2)
    assert [mail["To"].addresses[0].display_name for mail in mails] == ["Ana", "Cem"]
    await office.settled()


async def test_whatever_goes_wrong_is_told_and_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessional.outbox.sender.POLL_SECONDS", 0.01)
    told: list[BaseException] = []

    class Strange:
        async def fetch(self, name: str, /, **values: Any) -> Any:
            raise KeyError(name)

    sender = Sender(
        cast(Store, Strange()),
        parse("smtp://127.0.0.1:1"),
        sender=SENDER,
        leads=(),
        now=lambda: 0,
        told=Told(warned=lambda text: None, failed=told.append),
        keyring=Keyring(),
    )
    running = asyncio.create_task(sender.run())
    async with asyncio.timeout(10):
        while len(told) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert not running.done()
    assert {type(error) for error in told} == {KeyError}
    await sender.stop(running)


async def test_a_notice_that_cannot_be_worded_keeps_back_no_other(
    office: Office, therapist: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def strange(outbox_id: int, row: Any, keyring: Keyring) -> Notice:
        notice = notice_of(outbox_id, row, keyring)
        if notice.client_name == "Ana":
            raise KeyError("nobody thought of this")
        return notice

    monkeypatch.setattr("sessional.outbox.sender.notice_of", strange)
    office.box.answers = ["451 try again"]
    await booked(office, therapist, await office.person("Ana"), startsAt=at(TEN))
    await booked(office, therapist, await office.person("Ben"), startsAt=at(TEN + HOUR))
    await office.until(f"SELECT count(*) = 2 FROM outbox WHERE next_at = {office.clock.now + 60}")
    office.clock.now += 60
    (mail,) = await office.box.until(1)
    assert "Ben" in mail["To"]
    await office.until("SELECT count(*) = 1 FROM outbox WHERE outcome = 'KeyError' AND attempts = 2")


def test_it_is_tried_for_about_a_day_ever_more_rarely_and_then_given_up() -> None:
    waits = [delay_seconds(attempts) for attempts in range(1, MOST_ATTEMPTS)]
    assert waits == sorted(wait for wait in waits if wait is not None)
    assert 18 * HOUR < sum(wait for wait in waits if wait is not None) < 30 * HOUR
    assert delay_seconds(MOST_ATTEMPTS) is None


async def test_after_the_last_attempt_a_notice_is_dead(office: Office, therapist: int) -> None:
    office.box.answers = ["451 try again"] * MOST_ATTEMPTS
    await booked(office, therapist, await office.person())
    for attempt in range(1, MOST_ATTEMPTS):
        question = f"SELECT count(*) = 1 FROM outbox WHERE attempts = {attempt} AND outcome IS NOT NULL"
        await office.until(f"{question} AND next_at = {office.clock.now + (delay_seconds(attempt) or 0)}")
        office.clock.now += delay_seconds(attempt) or 0
    await office.settled()
    assert await office.outcomes() == [("BOOKED", "DEAD", MOST_ATTEMPTS, "NotNow: 451")]
    assert office.box.mails == []


async def test_while_the_server_is_away_bookings_go_on_and_are_told_when_it_is_back(
    books: Books, clock: Clock
) -> None:
    box = Mailbox()
    with listening(box):
        pass  # it has a port now, on which nobody listens
    async with started(books.url, smtp_url=box.url, mail_from=SENDER) as client:
        client.headers["Authorization"] = f"Bearer {token()}"
        office = Office(client, books, box, clock)
        therapist, person = await books.therapist(), await office.person()
        for hour in range(3):
            await booked(office, therapist, person, startsAt=at(TEN + hour * HOUR))
        await office.until("SELECT count(*) = 3 FROM outbox WHERE outcome LIKE 'Unreachable%'")
        with listening(box):
            clock.now += 60
            assert len(await box.until(3)) == 3
            await office.settled()


async def test_a_notice_whose_process_died_with_it_is_sent_when_its_lease_is_over(
    office: Office, therapist: int
) -> None:
    """As left behind by a process that was killed: claimed, and nothing noted."""
    lease = office.clock.now + LEASE_SECONDS
    person = await office.person()
    await office.books.run(
        "INSERT INTO appointment (appointment_id, therapist_id, service_code, starts_at, ends_at) "
        f"VALUES (77, {therapist}, 'one-off', {TEN}, {TEN + HOUR}) RETURNING appointment_id"
    )
    await office.books.run(
        "INSERT INTO outbox (therapist_id, kind, client_id, appointment_id, sessions, created_at, next_at, "
        f"attempts) VALUES ({therapist}, 'BOOKED', {int(person)}, 77, '[[77, 1, {TEN}, {TEN + HOUR}]]', "
        f"{office.clock.now}, {lease}, 1) RETURNING outbox_id"
    )
    await asyncio.sleep(2.5)
    assert office.box.mails == []
    office.clock.now = lease
    await office.box.until(1)
    await office.settled()
    assert [row[:3] for row in await office.outcomes()] == [("BOOKED", "SENT", 2)]


def test_several_workers_send_each_notice_once(database_url: str, tmp_path: Path, box: Mailbox) -> None:
    """Real worker processes over one database, and one mail server."""
    books = asyncio.run(Books(database_url).prepare())
    settings = {"SESSIONAL_SMTP_URL": box.url, "SESSIONAL_MAIL_FROM": SENDER}

    async def book(url: str) -> None:
        import httpx

        headers = {"Authorization": f"Bearer {token()}"}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
            office = Office(client, books, box, Clock(0))
            therapists = [await books.therapist() for _ in range(20)]
            people = [await office.person() for _ in therapists]
            await asyncio.gather(*(booked(office, t, p) for t, p in zip(therapists, people, strict=True)))
            await box.until(20, seconds=60)
            await office.settled()

    with running(database_url, tmp_path, "--workers", "2", **settings) as server:
        asyncio.run(book(server.url))
        assert server.stop() == 0
    assert len({mail["Message-ID"] for mail in box.mails}) == len(box.mails) == 20
    log = server.log.read_text()
    assert "example.org" not in log
    assert "Traceback" not in log


# ---- how the server is spoken to ----------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate for 127.0.0.1 that this process trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "certificate.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, tmp_path / "key.pem")
    return context


async def one_mail(books: Books, clock: Clock, box: Mailbox, url: str) -> Office:
    """A booking's notice, sent or tried once."""
    async with started(books.url, smtp_url=url, mail_from=SENDER) as client:
        client.headers["Authorization"] = f"Bearer {token()}"
        office = Office(client, books, box, clock)
        await booked(office, await books.therapist(), await office.person())
        await office.until("SELECT count(*) = 1 FROM outbox WHERE status = 'SENT' OR outcome IS NOT NULL")
        return office


async def test_a_password_is_sent_over_tls_and_lets_in(
    books: Books, clock: Clock, certificate: ssl.SSLContext
) -> None:
    seen: list[Any] = []

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        seen.append((session.ssl is not None, data.login, data.password))
        return AuthResult(success=True)

    options = {"tls_context": certificate, "authenticator": authenticate, "auth_required": True}
    with listening(Mailbox(), **options) as box:
        url = f"smtp://desk%40practice:p%3Aw@localhost:{box.port}"
        await one_mail(books, clock, box, url)
        assert len(box.mails) == 1
    assert seen == [(True, b"desk@practice", b"p:w")]


async def test_a_password_is_never_sent_in_the_open(books: Books, clock: Clock, box: Mailbox) -> None:
    office = await one_mail(books, clock, box, f"smtp://me:secret@127.0.0.1:{box.port}")
    assert box.mails == []
    ((_, status, _, outcome),) = await office.outcomes()
    assert status == "WAITING"
    assert "no TLS" in outcome
    assert "secret" not in outcome


async def test_a_server_that_cannot_show_who_it_is_gets_no_mail(
    books: Books, clock: Clock, certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with listening(Mailbox(), tls_context=certificate) as box:
        office = await one_mail(books, clock, box, f"smtp://localhost:{box.port}")
        assert box.mails == []
    ((_, status, _, outcome),) = await office.outcomes()
    assert (status, outcome) == ("WAITING", "Unreachable: SSLCertVerificationError")


async def test_mail_that_is_under_way_does_not_hold_up_the_end(
    books: Books, clock: Clock, box: Mailbox
) -> None:
    """A server that takes the connection and says nothing."""
    silent = await asyncio.start_server(lambda reader, writer: asyncio.sleep(60), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    async with started(books.url, smtp_url=f"smtp://127.0.0.1:{port}", mail_from=SENDER) as client:
        client.headers["Authorization"] = f"Bearer {token()}"
        practice = Practice(client, books)
        office = Office(client, books, box, clock)
        await booked(practice, await books.therapist(), await office.person())
        await office.until("SELECT count(*) = 1 FROM outbox WHERE attempts = 1")
        begun = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - begun < 9
    silent.close()
