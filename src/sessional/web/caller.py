"""Where a request comes from: an address that can be believed, and the device's own name for itself."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Final

from starlette.types import Scope

from sessional.access import Caller

LONGEST_DEVICE: Final = 60
# Browsers name others beside themselves, so the order decides.
_BROWSERS: Final = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS: Final = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Macintosh": "macOS",
    "Linux": "Linux",
}


def caller_of(scope: Scope, headers: Mapping[bytes, bytes], proxies: int, arrived_at_ms: int) -> Caller:
    """The caller of a request; ``proxies`` is how many stand in front that can be believed."""
    forwarded = headers.get(b"x-forwarded-for", b"").decode("latin-1")
    peer = scope["client"][0] if scope.get("client") else ""
    return Caller(
        address=network(_address(peer, forwarded, proxies)),
        device=device(headers.get(b"user-agent", b"").decode("latin-1")),
        arrived_at_ms=arrived_at_ms,
    )


def _address(peer: str, forwarded: str, proxies: int) -> str:
    """Each proxy appends whom it heard from, so the last ``proxies`` entries are theirs; what stands
    before those, anybody may have written."""
    if not proxies:
        return peer
    chain = [part.strip() for part in forwarded.split(",") if part.strip()]
    return chain[-proxies] if len(chain) >= proxies else peer


def network(address: str) -> str:
    """The address that one person has: of IPv6 the network, for its owner has all addresses in it."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False).network_address)


def device(user_agent: str) -> str:
    """A User-Agent as a person would say it: "Firefox on Linux"; else its first word."""
    browser = next((name for mark, name in _BROWSERS.items() if f"{mark}/" in user_agent), None)
    system = next((name for mark, name in _SYSTEMS.items() if mark in user_agent), None)
    if browser is not None:
        return browser if system is None else f"{browser} on {system}"
    first = user_agent.split(" ", 1)[0][:LONGEST_DEVICE]
    return "".join(c for c in first if c.isprintable()) or "unknown"
