"""Tags of languages."""

from __future__ import annotations

import pytest

from sessional.diary.languages import tag


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("en", "en"),
        ("EN-gb", "en-GB"),
        ("zh-hANS", "zh-Hans"),
        ("sr-latn-rs", "sr-Latn-RS"),
        ("es-419", "es-419"),
    ],
)
def test_a_tag_is_known_by_its_usual_letters(typed: str, known: str) -> None:
    assert tag(typed) == known


@pytest.mark.parametrize(
    "typed", ["", "e", "english", "en_GB", "en-", " en", "en\n", "én", "en-GBR", "en-12"]
)
def test_what_is_no_tag_is_none(typed: str) -> None:
    assert tag(typed) is None
