"""Figures -> PNG, SVG for a file, and SVG that takes the colours of the page it stands in."""

import io
import re
from typing import TYPE_CHECKING

from mrsift.evaluate.figures import INK, LINE, SOFT

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.figure import Figure

DPI = 200
"""Of PNG files, enough for print at the size they are drawn."""

_THEME = {INK: "var(--ink)", SOFT: "var(--soft)", LINE: "var(--line)"}


def png_bytes(figure: "Figure") -> bytes:
    """The figure as PNG on white, the same bytes for the same figure."""
    stream = io.BytesIO()
    _settle(figure)
    figure.savefig(stream, format="png", dpi=DPI, facecolor="white", metadata={"Software": None})
    return stream.getvalue()


def svg_text(figure: "Figure") -> str:
    """The figure as SVG without background, text as text, the same for the same figure."""
    import matplotlib as mpl

    stream = io.StringIO()
    _settle(figure)
    # Text stays text; names within the file are the same in every run.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "mrsift"}):
        figure.savefig(
            stream, format="svg", facecolor="none", metadata={"Date": None, "Creator": None}
        )
    return stream.getvalue()


def svg_file(svg: str) -> str:
    """SVG of `svg_text` on white, for a file of its own."""
    begin = svg.index(">", svg.index("<svg")) + 1
    return svg[:begin] + '<rect width="100%" height="100%" fill="#ffffff"/>' + svg[begin:]


def inline_svg(svg: str, title: str, prefix: str) -> "Markup":
    """SVG of `svg_text` as an element of a page.

    Args:
        svg: Drawn with the colours of `evaluate.figures`.
        title: Read aloud in its place.
        prefix: Unique within the page; SVGs of one page must not share names.

    Returns:
        `<svg>` that shrinks with the page; colours are CSS variables.
    """
    from markupsafe import Markup

    text = svg[svg.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    width = re.search(r'<svg [^>]*?width="([\d.]+)pt"', text)
    text = re.sub(r'(<svg [^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg [^>]*?) height="[^"]*"', r"\1", text, count=1)
    size = f'style="width: {float(width[1]) * 1.25:.0f}px"' if width else ""
    text = text.replace("<svg ", f'<svg role="img" aria-label="{_attribute(title)}" {size} ', 1)
    text = re.sub(r'\bid="', f'id="{prefix}-', text)
    text = re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}-", text)
    for color, variable in _THEME.items():
        text = text.replace(color, variable)
    return Markup(text)  # matplotlib has escaped what users wrote


def _settle(figure: "Figure") -> None:
    """Lay the figure out once; matplotlib would do it twice for each file."""
    if figure.get_layout_engine() is not None:
        figure.draw_without_rendering()
        figure.set_layout_engine("none")


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
