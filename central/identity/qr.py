"""QR codes as pages show them: part of the page, with no style of their own that the policy would refuse."""

import segno
from markupsafe import Markup

_SCALE, _BORDER = 4, 4


def qr_of(text: str) -> Markup:
    """Return an SVG element that shows a text; black on white, whatever the page around it."""
    drawn = segno.make_qr(text, error="m").svg_inline(
        scale=_SCALE, border=_BORDER, dark="black", light="white", svgclass="qr", lineclass=None, omitsize=False
    )
    return Markup(drawn)  # noqa: S704 - of the library, and of digits alone
