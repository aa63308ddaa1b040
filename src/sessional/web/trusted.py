"""Trusted documents: where there is a list of them, a request names one by its hash, and no other runs.

The protocol is the usual one of persisted queries: ``extensions.persistedQuery.sha256Hash``, with or
without the text beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from sessional.errors import SettingsFault
from sessional.web.refused import Refused


class Trusted:
    """The documents that may be run, by the SHA-256 of their text."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = {sha256(text): text for text in texts}

    def document(self, query: Any, hash_: str | None) -> str:
        """The text to run. Raises Refused for one that is not trusted.

        The message of a hash that is not known is the one that clients look for: they send the text
        then, and are told that it is not trusted.
        """
        if query is None and hash_ is not None:
            if hash_ not in self._texts:
                raise Refused(400, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
            return self._texts[hash_]
        if not isinstance(query, str):
            raise Refused(400, "BAD_REQUEST", "`query` is missing or is not a text.")
        found = sha256(query)
        if hash_ is not None and hash_ != found:
            raise Refused(400, "BAD_REQUEST", "`sha256Hash` is not the hash of `query`.")
        if found not in self._texts:
            raise Refused(400, "DOCUMENT_NOT_TRUSTED", "Only documents that are known here are run.")
        return query


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def hash_in(extensions: Mapping[str, Any]) -> str | None:
    """The hash that a request names, if it names one."""
    named = extensions.get("persistedQuery")
    found = named.get("sha256Hash") if isinstance(named, dict) else None
    return found.lower() if isinstance(found, str) else None


def trusted(place: str) -> Trusted | None:
    """The documents in a file; None where no file is named. Raises SettingsFault.

    The file is a JSON object of hashes and texts, as Relay and others write it, or a manifest with a
    list of ``operations`` that each have an ``id`` and a ``body``, as Apollo writes it. A hash that is not
    its text's stops the start: a client would never find it.
    """
    if not place:
        return None
    try:
        read = orjson.loads(Path(place).read_bytes())
        listed = read.get("operations")
        named = {each["id"]: each["body"] for each in listed} if isinstance(listed, list) else read
        wrong = [hash_ for hash_, text in named.items() if sha256(text) != hash_.lower()]
    except OSError:
        raise SettingsFault(f"SESSIONAL_TRUSTED_DOCUMENTS: {place} cannot be read.") from None
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        raise SettingsFault(
            f"SESSIONAL_TRUSTED_DOCUMENTS: {place} is no JSON object of hashes and documents."
        ) from None
    if wrong:
        raise SettingsFault(f"SESSIONAL_TRUSTED_DOCUMENTS: {wrong[0]} is not the SHA-256 of its document.")
    return Trusted(named.values())
