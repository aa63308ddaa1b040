"""How names are compared: the same folding for what is stored and for what is typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessional.diary.names import fold


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("Zoë", "zoe"),
        ("ZOË", "zoë"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("Müller", "MULLER"),
        ("Straße", "STRASSE"),
        ("Ångström", "angstrom"),
        ("Ｊａｎｅ", "jane"),
        ("Nguyễn  Thị\tHoa ", "nguyen thi hoa"),
        ("\ufb01nn", "finn"),
        ("Σίσυφος", "σισυφοσ"),
    ],
)
def test_a_name_is_found_whatever_its_case_accents_width_or_spaces(stored: str, typed: str) -> None:
    assert fold(stored) == fold(typed)


@pytest.mark.parametrize(("one", "other"), [("jane", "jean"), ("smith", "smyth"), ("o'neil", "oneil")])
def test_names_that_differ_in_their_letters_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_a_name_of_spaces_folds_to_nothing() -> None:
    assert fold(" \t\u00a0\n") == ""


@given(st.text())
def test_a_folded_name_has_single_spaces_and_none_at_its_ends(name: str) -> None:
    folded = fold(name)
    assert folded == " ".join(folded.split())


@given(st.text(), st.text())
def test_a_first_and_a_last_name_are_found_in_the_name_that_joins_them(first: str, last: str) -> None:
    joined = fold(f"{first} {last}")
    assert fold(first) in joined
    assert fold(last) in joined


@given(st.text(alphabet=st.characters(max_codepoint=0x24F)))
def test_folding_a_folded_latin_name_changes_nothing(name: str) -> None:
    assert fold(fold(name)) == fold(name)
