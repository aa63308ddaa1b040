"""Spans as plain pairs, half-open: what the search cuts and joins by the ten thousand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]


def merged(spans: Iterable[Span]) -> list[Span]:
    """Sorted, with what touches or overlaps made one, and nothing empty."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            if end > found[-1][1]:
                found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def minus(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """What is left of sorted, disjoint spans: one walk along both."""
    cuts, found, at = merged(taken), [], 0
    for start, end in spans:
        while at < len(cuts) and cuts[at][1] <= start:
            at += 1
        ahead = at
        while ahead < len(cuts) and cuts[ahead][0] < end:
            if start < cuts[ahead][0]:
                found.append((start, cuts[ahead][0]))
            start = max(start, cuts[ahead][1])
            ahead += 1
        if start < end:
            found.append((start, end))
    return found
