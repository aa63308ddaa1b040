"""Draws how long a search takes beside how many therapists there are: an SVG, written by hand.

Both axes are logarithmic. Must not know: how anything was measured.
"""

from collections.abc import Mapping, Sequence
from math import log10

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 420, 70, 40, 50, 50
COLOURS = ("#1a5fb4", "#c64600")
Point = tuple[int, float]


def svg(title: str, lines: Mapping[str, Sequence[Point]]) -> str:
    """``lines``: a name -> (therapists, milliseconds). Two and two share a colour, the second dashed."""
    xs = [x for points in lines.values() for x, _ in points]
    ys = [y for points in lines.values() for _, y in points]
    low, high = _decade(min(ys), down=True), _decade(max(ys), down=False)
    scale = _Scale(min(xs), max(xs), low, high)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="13"><title>{title}</title>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="24" font-size="15">{title}</text>',
        *_grid(scale, sorted(set(xs)), low, high),
    ]
    for number, (name, points) in enumerate(lines.items()):
        parts += _line(scale, number, name, points)
    return "\n".join([*parts, "</svg>", ""])


class _Scale:
    """From values to places in the picture."""

    def __init__(self, left: float, right: float, low: float, high: float) -> None:
        self._left, self._right = log10(left), log10(right)
        self._low, self._high = log10(low), log10(high)

    def x(self, value: float) -> float:
        part = (log10(value) - self._left) / (self._right - self._left or 1)
        return round(LEFT + part * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        part = (log10(value) - self._low) / (self._high - self._low)
        return round(HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM), 1)


def _decade(value: float, *, down: bool) -> float:
    power = 10.0 ** int(f"{value:e}".partition("e")[2])
    return power if down else 10 * power


def _grid(scale: _Scale, xs: list[int], low: float, high: float) -> list[str]:
    parts, level = [], low
    while level <= high * 1.01:
        y = scale.y(level)
        parts.append(f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{level:g} ms</text>')
        level *= 10
    for x in xs:
        place, end = scale.x(x), HEIGHT - BOTTOM
        parts.append(f'<path d="M{place} {TOP}V{end}" stroke="#eee"/>')
        parts.append(f'<text x="{place}" y="{end + 18}" text-anchor="middle">{x:,}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    return [*parts, f'<text x="{middle}" y="{HEIGHT - 10}" text-anchor="middle">therapists</text>']


def _line(scale: _Scale, number: int, name: str, points: Sequence[Point]) -> list[str]:
    colour = COLOURS[number // 2 % len(COLOURS)]
    style = f'stroke="{colour}"' + (' stroke-dasharray="6 4"' if number % 2 else "")
    places = [(scale.x(x), scale.y(y)) for x, y in points]
    path = "M" + "L".join(f"{x} {y}" for x, y in places)
    key = TOP + 14 + 20 * number
    return [
        f'<path d="{path}" fill="none" stroke-width="2" {style}/>',
        *(f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in places),
        f'<path d="M{LEFT + 14} {key}h30" stroke-width="2" {style}/>',
        f'<text x="{LEFT + 52}" y="{key + 4}">{name}</text>',
    ]
