"""How a database is written."""

from pathlib import Path

import pytest

from sessional.errors import SettingsFault
from sessional.store import address


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("sqlite:///x.db", Path("x.db")),
        ("sqlite:///data/x.db", Path("data/x.db")),
        ("sqlite:////var/lib/x.db", Path("/var/lib/x.db")),
        ("postgresql://me:secret@host:5432/name?sslmode=require",) * 2,
        ("postgres://host/name",) * 2,
    ],
)
def test_three_slashes_are_relative_four_absolute_and_postgresql_is_left_as_it_is(url, place):
    assert address.parse(url) == place


@pytest.mark.parametrize(
    "url",
    ["", "x.db", "sqlite://x.db", "sqlite:///", "sqlite:///:memory:", "sqlite:///folder/",
     "sqlite:///x.db?mode=ro", "mysql://host/name", "postgresql+asyncpg://host/name"],
)  # fmt: skip
def test_any_other_address_is_refused_with_both_forms(url):
    with pytest.raises(SettingsFault) as refused:
        address.parse(url)
    assert "sqlite:///" in refused.value.message
    assert "postgresql://" in refused.value.message


def test_a_refused_address_does_not_repeat_its_password():
    with pytest.raises(SettingsFault) as refused:
        address.parse("mysql://me:hunter22@host/name")
    assert "hunter22" not in refused.value.message
