"""What a message about a variable shows of its value: as the caller wrote it, in JSON.

graphql-core shows Python's form of it, behind one of two words and at the end of the message.
"""

from __future__ import annotations

import ast
import json
import re
from typing import Final

_MARK: Final = re.compile(r"\b(?:value|found): ")


def in_json(message: str) -> str:
    """The message with ``null``, ``true`` and objects as JSON has them; as it was where none is shown."""
    if message.endswith("not to be None."):
        return message.removesuffix("None.") + "null."
    body, stop = (message[:-1], ".") if message.endswith(".") else (message, "")
    for mark in _MARK.finditer(body):
        try:
            shown = json.dumps(ast.literal_eval(body[mark.end() :]), ensure_ascii=False)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue  # words, or a value that is shown in part
        return body[: mark.end()] + shown + stop
    return message
