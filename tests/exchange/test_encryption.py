"""Clients' contact data and notes are encrypted in the database, under a key that can be changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from sessional.cli.exchange import export_file
from sessional.cli.reencrypt import reencrypt
from sessional.cli.verify import verify
from sessional.errors import SettingsFault
from sessional.keyring import Keyring
from tests.exchange.practice import KEYRING, RULES, Practice, file_of, therapist
from tests.support.server import SECRET

SECRETS = ("asa@example.org", "+46 1", "Rings first.")
NEWER = "another key for the tests alone, 32 bytes or more"
STORED = "SELECT email, phone, staff_notes FROM client WHERE client_id = 5"


@pytest.fixture
def full(practice: Practice) -> Practice:
    practice.take(therapist(2), *RULES)
    return practice


def in_clear(practice: Practice) -> None:
    """As a version before encryption has left it."""
    email, phone, notes = SECRETS
    practice.run(
        f"UPDATE client SET email = '{email}', phone = '{phone}', staff_notes = '{notes}' "
        "WHERE client_id = 5"
    )


def names(practice: Practice) -> set[str]:
    """By which names of keys the stored texts say they are encrypted."""
    return {text.split(":")[2] for text in practice.run(STORED)[0]}


def test_a_stored_text_is_not_the_text_and_the_same_text_is_never_stored_alike(full):
    first = full.run(STORED)[0]
    assert all(text.startswith("sealed:1:") for text in first)
    assert first[0] != KEYRING.close("email", SECRETS[0])
    assert KEYRING.open_row(("email", "phone", "staff_notes"), first) == SECRETS


def test_a_text_cannot_be_moved_to_another_field(full):
    phone = full.run(STORED)[0][1]
    assert KEYRING.opens("phone", phone)
    assert not KEYRING.opens("staff_notes", phone)


def test_no_text_is_in_the_file_of_sqlite_or_in_a_dump_of_postgresql(full):
    if isinstance(full.place, Path):
        folder = full.place.parent
        content = b"".join(path.read_bytes() for path in folder.glob(f"{full.place.name}*"))
    else:
        content = subprocess.run(["pg_dump", full.place], capture_output=True, check=True).stdout
    assert b"sealed:1:" in content
    assert "Åsa Berg".encode() in content
    for text in ("asa@example.org", "Rings first."):
        assert text.encode() not in content


def test_an_export_is_in_clear_and_the_same_bytes_after_an_import(full, other):
    written = full.export()
    assert all(text.encode() in written for text in SECRETS)
    other.take_file(written)
    assert other.export() == written
    assert full.take_file(written).records == 0


def test_what_a_version_before_has_left_in_clear_is_read_and_encrypted_by_reencrypt(full, capsys):
    before = full.export()
    in_clear(full)
    assert full.export() == before
    reencrypt(full.url)
    assert capsys.readouterr().out == "Encrypted with the first key: 1 client.\n"
    assert all(text.startswith("sealed:1:") for text in full.run(STORED)[0])
    assert full.export() == before
    reencrypt(full.url)
    assert capsys.readouterr().out == "Encrypted with the first key: 0 clients.\n"


def test_after_reencrypt_the_key_before_is_needed_no_more(full, monkeypatch, capsys):
    before, older = full.export(), names(full)
    monkeypatch.setenv("SESSIONAL_ENCRYPTION_KEY", NEWER)
    monkeypatch.setenv("SESSIONAL_ENCRYPTION_KEY_PREVIOUS", SECRET)
    reencrypt(full.url)
    assert names(full).isdisjoint(older)
    monkeypatch.delenv("SESSIONAL_ENCRYPTION_KEY_PREVIOUS")
    capsys.readouterr()
    export_file("-", full.url)
    verify(full.url)
    assert Keyring([NEWER]).open_row(("email", "phone", "staff_notes"), full.run(STORED)[0]) == SECRETS
    assert before


def test_reencrypt_takes_more_clients_than_fit_one_batch(full, monkeypatch, capsys):
    monkeypatch.setattr(sys.modules["sessional.cli.reencrypt"], "CLIENTS_TOGETHER", 2)
    people = [{"kind": "client", "clientId": n, "name": "Cy", "phone": f"{n}"} for n in range(10, 15)]
    full.take(*people)
    full.run("UPDATE client SET phone = 'in clear' WHERE client_id >= 10")
    reencrypt(full.url)
    assert capsys.readouterr().out == "Encrypted with the first key: 5 clients.\n"
    assert not full.run("SELECT 1 FROM client WHERE phone = 'in clear'")


def test_a_command_with_the_wrong_key_refuses_and_writes_nothing(full, monkeypatch):
    before = full.run(STORED)
    monkeypatch.setenv("SESSIONAL_ENCRYPTION_KEY", NEWER)
    with pytest.raises(SettingsFault, match="a key that is not here"):
        reencrypt(full.url)
    assert full.run(STORED) == before


def test_verify_finds_what_no_key_opens(full, monkeypatch, capsys):
    full.run("UPDATE client SET phone = email WHERE client_id = 5")
    with pytest.raises(typer.Exit):
        verify(full.url)
    assert "Client 5: phone is encrypted, and no key opens it." in capsys.readouterr().out
    monkeypatch.setenv("SESSIONAL_ENCRYPTION_KEY", NEWER)
    with pytest.raises(typer.Exit):
        verify(full.url)
    said = capsys.readouterr().out
    assert "Client 5: email is encrypted, and no key opens it." in said
    assert not any(text in said for text in SECRETS)


def test_a_file_of_lines_says_again_what_is_encrypted(full):
    assert full.take_file(file_of(*(line for line in RULES if line["kind"] == "client"))).known == 2
