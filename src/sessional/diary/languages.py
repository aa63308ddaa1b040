"""Tags of languages, as BCP 47 writes them: a language, and where it matters a script and a region."""

from __future__ import annotations

import re
from typing import Final

_TAG: Final = re.compile(
    r"(?P<language>[a-z]{2,3})(-(?P<script>[a-z]{4}))?(-(?P<region>[a-z]{2}|\d{3}))?",
    re.ASCII | re.IGNORECASE,
)


def tag(text: str) -> str | None:
    """The tag in its usual letters (``en-gb`` is ``en-GB``); None for a text that is no tag."""
    found = _TAG.fullmatch(text)
    if found is None:
        return None
    parts = [found["language"].lower()]
    if found["script"]:
        parts.append(found["script"].title())
    if found["region"]:
        parts.append(found["region"].upper())
    return "-".join(parts)
