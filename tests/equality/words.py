"""The words and numbers that practices are made of, chosen because they go wrong easily.

This module must not know which rows there are.
"""

from random import Random

# Names that some fold together and others keep apart, and names that are hard to write down.
ALIKE = ("Ana", "ana", "Ána", "ANA", "Straße", "STRASSE", "Zoë", "zoe", "❤️ Ana", "İrem", "irem")
ODD_NAMES = (
    'Jo "Ace"',
    "O\\Neil",
    "Back\\\\slash\\",
    "Tab\there",
    "Bell\u0001\u001f",
    "李",
    "🧠",
    "Mr. 100%",
    "under_score",
    "  two  spaces ",
    "line\nbreak",
    "\u2028\u2029",
    "x\u007fy",
    "</script>",
    "'; --",
    "$1 :a %s {} ?",
    "🇫🇷 Ay",
    "",
)
LAST_NAMES = (
    "Müller",
    "Muller",
    "MULLER",
    "O'Hara",
    "Σωκράτης",
    "ﬁn",
    "%",
    "_",
    "smi%th",
    "\U0001f600",
    "\uff5e",
)
SPECIALISMS = (
    "CBT",
    "cbt",
    "Psychosis",
    "Ängste",
    '"quoted"',
    "a\\b",
    "Mood 🌧",
    "50%_off",
    "\t",
    "Zoo",
)
CODES = ("one-off", "consultation", "One-Off", "q'\"x", "e\\n", "ünï", "𝔘", "\uffee", "10%")
SERVICE_NAMES = (
    "Single session",
    "Consultation",
    "single  SESSION",
    "Séance\u0001",
    "Ⅷ",
    "\\u0041",
)
LANGUAGES = ((), ("en",), ("en-GB", "cy"), ("cy", "en", "zh-Hans"))
TIME_ZONES = ("Europe/London", "America/New_York", "Asia/Kolkata", "UTC")

# Beyond int32, and one beyond the integers that a float can tell apart.
LARGE_IDS = (2**31 - 1, 2**31, 2**31 + 7, 2**53 + 1)

MONDAY = 1_772_442_000  # 2026-03-02T09:00:00Z


def some_ids(rng: Random, count: int, below: int = 60) -> list[int]:
    """Distinct ids in no order, now and then large ones."""
    ids = rng.sample(range(1, below), count)
    large = rng.sample(LARGE_IDS, rng.choice((0, 0, 1, 2)))
    ids[: len(large)] = large[:count]
    rng.shuffle(ids)
    return ids


def or_none(rng: Random, texts: tuple[str, ...]) -> str | None:
    """Nothing, or one of these texts."""
    return None if rng.random() < 0.4 else rng.choice(texts)
