"""Clients' contact data and notes are encrypted in the database, under a key that can be changed."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
from pathlib import Path
from threading import Thread

import argon2
import pytest
import typer

from sessional.cli.exchange import export_file, import_file
from sessional.cli.reencrypt import encrypt_all, reencrypt
from sessional.cli.serve import prepare
from sessional.cli.verify import verify
from sessional.errors import Fault, ImportRefused, SettingsFault
from sessional.exchange.exporting import export_lines
from sessional.keyring import Keyring, second_factor_of
from sessional.settings import Settings
from sessional.store import bulk
from tests.exchange.practice import KEYRING, RULES, Practice, file_of, therapist
from tests.support.postgres import free_port
from tests.support.server import SECRET

SECRETS = ("asa@example.org", "+46 1", "Rings first.")
NEWER = "another key for the tests alone, 32 bytes or more"
HASH = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("a password")
KEYS = ("encryption_key", "encryption_key_previous")
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


def with_second_factor(practice: Practice, account_id: int = 900) -> str:
    """An account that has one, and its secret."""
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    stored = KEYRING.close(second_factor_of(account_id), secret)
    practice.run(
        "INSERT INTO account (account_id, username, password_hash, role, second_factor_at) "
        f"VALUES ({account_id}, 'with-{account_id}', '{HASH}', 'ADMIN', 1)"
    )
    practice.run(f"INSERT INTO second_factor (account_id, secret) VALUES ({account_id}, '{stored}')")
    return secret


def test_reencrypt_reaches_the_secrets_of_second_factors(full, monkeypatch, capsys):
    secret = with_second_factor(full)
    with_second_factor(full, 901)
    monkeypatch.setattr(sys.modules["sessional.cli.reencrypt"], "CLIENTS_TOGETHER", 1)
    monkeypatch.setenv("SESSIONAL_ENCRYPTION_KEY", NEWER)
    monkeypatch.setenv("SESSIONAL_ENCRYPTION_KEY_PREVIOUS", SECRET)
    reencrypt(full.url)
    assert capsys.readouterr().out.endswith(", 2 second factors.\n")
    ((stored,),) = full.run("SELECT secret FROM second_factor WHERE account_id = 900")
    assert Keyring([NEWER]).open(second_factor_of(900), stored) == secret
    assert noted(full) == {Keyring([NEWER]).name}


def test_a_key_is_needed_as_long_as_a_second_factor_is_encrypted_with_it(full, monkeypatch):
    with_second_factor(full)
    full.run("UPDATE client SET email = '', phone = '', staff_notes = ''")
    assert asyncio.run(encrypt_all(full.place, Keyring([NEWER, SECRET]))) == (0, {KEYRING.name})
    assert KEYRING.name in noted(full)


def test_verify_finds_second_factors_that_let_nobody_in(full, capsys, monkeypatch):
    with_second_factor(full)
    verify(full.url)
    full.run("UPDATE second_factor SET secret = 'sealed:1:00000000:AAAA'")
    with pytest.raises(typer.Exit):
        verify(full.url)
    assert "Account 900: the second factor is encrypted, and no key opens it." in capsys.readouterr().out
    with monkeypatch.context() as without_lines:
        without_lines.setattr("sessional.cli.verify.MOST_LINES", 0)
        with pytest.raises(typer.Exit):
            verify(full.url)
    assert "… and 1 more of these." in capsys.readouterr().out
    full.run("DELETE FROM second_factor")
    with pytest.raises(typer.Exit):
        verify(full.url)
    assert "User “with-900” has a second factor without a secret" in capsys.readouterr().out


def test_a_second_factor_is_in_no_export_and_an_import_takes_none_away(full, other):
    secret, line = with_second_factor(full), b'"username":"with-900"'
    written = full.export()
    assert line in written
    assert secret.encode() not in written
    assert full.take_file(written).records == 0
    assert full.run("SELECT second_factor_at FROM account WHERE account_id = 900") == [(1,)]
    other.take_file(written)
    assert other.run("SELECT 1 FROM account WHERE second_factor_at IS NOT NULL") == []


def test_a_file_of_lines_says_again_what_is_encrypted(full):
    assert full.take_file(file_of(*(line for line in RULES if line["kind"] == "client"))).known == 2


# ---- which keys a database asks for --------------------------------------------------------------


def noted(practice: Practice) -> set[str]:
    """The names of keys that the database notes."""
    return {name for (name,) in practice.run("SELECT key_name FROM encryption_key")}


def start(practice: Practice) -> None:
    """Everything that `serve` looks at before it listens."""
    prepare(Settings(database=practice.url, secret=SECRET, **_given(), port=free_port()), demo=False)


def _given() -> dict[str, str]:
    return {name: os.environ.get(f"SESSIONAL_{name.upper()}", "") for name in KEYS}


def test_a_process_with_another_key_is_refused_before_anything_is_encrypted(practice, monkeypatch):
    start(practice)
    monkeypatch.setenv("SESSIONAL_ENCRYPTION_KEY", NEWER)
    with pytest.raises(SettingsFault, match="a key that is not here") as refused:
        start(practice)
    assert NEWER not in str(refused.value)
    monkeypatch.setenv("SESSIONAL_ENCRYPTION_KEY_PREVIOUS", SECRET)
    start(practice)
    assert noted(practice) == {KEYRING.name, Keyring([NEWER]).name}


def test_reencrypt_lets_a_database_forget_the_keys_before_and_is_on_record(full, monkeypatch):
    monkeypatch.setenv("SESSIONAL_ENCRYPTION_KEY", NEWER)
    monkeypatch.setenv("SESSIONAL_ENCRYPTION_KEY_PREVIOUS", SECRET)
    reencrypt(full.url)
    assert noted(full) == {Keyring([NEWER]).name}
    entry = "SELECT username, state_after FROM audit_event WHERE action = 'reencrypt'"
    assert full.run(entry) == [("(command line)", '{"clients":1}')]


def test_reencrypt_keeps_the_key_of_somebody_who_was_given_a_newer_one_meanwhile(full):
    full.run("INSERT INTO encryption_key VALUES ('00000000')")
    assert asyncio.run(encrypt_all(full.place, KEYRING)) == (0, set())
    assert noted(full) == {KEYRING.name, "00000000"}


def test_reencrypt_that_was_interrupted_goes_on_where_texts_are_left(full, monkeypatch):
    monkeypatch.setattr(sys.modules["sessional.cli.reencrypt"], "CLIENTS_TOGETHER", 2)
    full.take(*({"kind": "client", "clientId": n, "name": "Cy", "phone": f"{n}"} for n in range(10, 15)))
    before = full.export()
    keyring = Keyring([NEWER, SECRET])
    full.run("UPDATE client SET phone = 'sealed:1:00000000:AAAA' WHERE client_id = 13")
    with pytest.raises(Fault, match="a key that is not here"):
        asyncio.run(encrypt_all(full.place, keyring))
    assert noted(full) == {KEYRING.name}
    full.run("UPDATE client SET phone = '13' WHERE client_id = 13")
    done, others = asyncio.run(encrypt_all(full.place, keyring))
    assert (0 < done < 6, others) == (True, set())
    assert other_export(full, NEWER) == before


def other_export(practice: Practice, key: str) -> bytes:
    async def pieces() -> bytes:
        return b"".join([piece async for piece, _ in export_lines(practice.place, keyring=Keyring([key]))])

    return asyncio.run(pieces())


def test_reencrypt_says_that_somebody_still_writes_without_the_new_key(full, monkeypatch, capsys):
    """A process from before the change of keys, which nobody has restarted."""
    monkeypatch.setenv("SESSIONAL_ENCRYPTION_KEY", NEWER)
    monkeypatch.setenv("SESSIONAL_ENCRYPTION_KEY_PREVIOUS", SECRET)
    module = sys.modules["sessional.cli.reencrypt"]
    forget = module._forget_others

    async def late(*given):
        async with bulk.load(full.place) as load:
            old = KEYRING.close_row({"email": "", "phone": "+46 2", "staff_notes": ""})
            await load.fetch("reseal_client", client_id=5, **old)
        return await forget(*given)

    monkeypatch.setattr(module, "_forget_others", late)
    with pytest.raises(typer.Exit):
        reencrypt(full.url)
    assert "restart every process" in capsys.readouterr().err
    assert noted(full) == {KEYRING.name, Keyring([NEWER]).name}


def test_reencrypt_writes_over_nothing_that_somebody_changes_meanwhile(full, monkeypatch):
    """Between what it has read and what it writes, somebody else's change of the same client waits."""
    module = sys.modules["sessional.cli.reencrypt"]
    changing = Thread(target=full.run, args=["UPDATE client SET phone = '+46 2' WHERE client_id = 5"])
    reseal = module._one

    async def slowly(load, keyring, client_id, stored):
        if client_id == 5:
            changing.start()
            changing.join(0.5)
        return await reseal(load, keyring, client_id, stored)

    monkeypatch.setattr(module, "_one", slowly)
    assert asyncio.run(encrypt_all(full.place, Keyring([NEWER, SECRET])))[0] > 0
    changing.join()
    assert full.run("SELECT phone FROM client WHERE client_id = 5") == [("+46 2",)]


def test_a_start_on_sqlite_encrypts_what_a_version_before_has_left_in_clear(on_sqlite, capsys):
    on_sqlite.take(therapist(2), *RULES)
    before = left_in_clear(on_sqlite)
    start(on_sqlite)
    assert all(text.startswith("sealed:1:") for text in on_sqlite.run(STORED)[0])
    assert (on_sqlite.export(), noted(on_sqlite)) == (before, {KEYRING.name})
    assert capsys.readouterr().err == ""


def test_a_start_on_postgresql_says_what_encrypts_it(on_postgres, capsys):
    on_postgres.take(therapist(2), *RULES)
    left_in_clear(on_postgres)
    start(on_postgres)
    assert "This encrypts them: sessional reencrypt" in capsys.readouterr().err
    reencrypt(on_postgres.url)
    capsys.readouterr()
    start(on_postgres)
    assert capsys.readouterr().err == ""


def left_in_clear(practice: Practice) -> bytes:
    before = practice.export()
    in_clear(practice)
    practice.run("DELETE FROM encryption_key")
    practice.run("INSERT INTO encryption_key VALUES ('clear')")
    return before


# ---- the file beside a SQLite database ------------------------------------------------------------


@pytest.fixture
def alone(on_sqlite, monkeypatch):
    """A practice whose key nobody has given."""
    monkeypatch.delenv("SESSIONAL_ENCRYPTION_KEY")
    return on_sqlite


def key_file(practice: Practice) -> Path:
    return practice.place.with_name(f"{practice.place.name}.key")


def written(tmp_path: Path, *lines) -> str:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(file_of(*lines))
    return str(path)


CLIENT = {"kind": "client", "clientId": 5, "name": "Eva", "phone": "+49 30"}


def test_an_import_that_is_refused_leaves_no_key_behind(alone, tmp_path):
    with pytest.raises(ImportRefused):
        import_file(written(tmp_path, CLIENT, {"kind": "nothing"}), alone.url)
    assert not key_file(alone).exists()
    assert noted(alone) == set()
    import_file(written(tmp_path, CLIENT), alone.url)
    assert stat.S_IMODE(key_file(alone).stat().st_mode) == 0o600
    kept = Keyring([key_file(alone).read_text()])
    assert noted(alone) == {kept.name}
    assert kept.open("phone", alone.run("SELECT phone FROM client")[0][0]) == "+49 30"


def test_an_import_takes_no_key_that_another_process_has_made_meanwhile(alone, tmp_path, monkeypatch):
    module = sys.modules["sessional.cli.data_keys"]
    keep = module.keep_key

    def late(place, key):
        keep(place, NEWER)
        return keep(place, key)

    monkeypatch.setattr(module, "keep_key", late)
    with pytest.raises(SettingsFault, match="Nothing was changed; try again"):
        import_file(written(tmp_path, CLIENT), alone.url)
    assert (alone.run("SELECT * FROM client"), key_file(alone).read_text()) == ([], NEWER)


def test_where_the_file_of_the_key_is_gone_everything_refuses_and_none_is_made(alone, tmp_path):
    import_file(written(tmp_path, CLIENT), alone.url)
    key, stored = key_file(alone).read_text(), alone.run("SELECT phone FROM client")
    key_file(alone).unlink()
    for command in (
        lambda: start(alone),
        lambda: export_file(str(tmp_path / "out.jsonl"), alone.url),
        lambda: import_file(written(tmp_path, {**CLIENT, "clientId": 6}), alone.url),
        lambda: reencrypt(alone.url),
    ):
        with pytest.raises(SettingsFault, match="a key that is not here"):
            command()
    assert not key_file(alone).exists()
    assert not (tmp_path / "out.jsonl").exists()
    key_file(alone).write_text(key)
    start(alone)
    assert alone.run("SELECT phone FROM client") == stored


def test_a_file_of_keys_that_was_cut_short_is_refused_and_left_as_it_is(alone):
    key_file(alone).write_text("short")
    with pytest.raises(SettingsFault, match="Put the file back as it was"):
        start(alone)
    assert key_file(alone).read_text() == "short"


def test_a_key_that_is_given_goes_before_the_file_which_still_opens(alone, tmp_path, monkeypatch):
    import_file(written(tmp_path, CLIENT), alone.url)
    before = Keyring([key_file(alone).read_text()])
    monkeypatch.setenv("SESSIONAL_ENCRYPTION_KEY", NEWER)
    reencrypt(alone.url)
    assert noted(alone) == {Keyring([NEWER]).name}
    assert before.name not in alone.run("SELECT phone FROM client")[0][0]
