"""How names are searched: the same folding for what is stored and for what is typed."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """The form in which names are compared: no case, no accents, single spaces.

    Unicode's compatibility decomposition without combining marks, then full case folding
    (Unicode Standard, sections 3.11 and 5.18), so that "Zoë" is found by "zoe".
    """
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(bare.casefold().split())
