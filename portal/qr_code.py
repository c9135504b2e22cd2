"""Pictures that an authenticator app reads with its camera. Pure."""

import segno
from markupsafe import Markup

# Modules of white on each side that ISO/IEC 18004 asks for; drawn, so that it is white on a dark page too.
_QUIET_ZONE = 4


def qr_code(text: str) -> Markup:
    """The text as an SVG element without a size of its own, black on white; nothing in it needs a script or a style."""
    code = segno.make_qr(text, error="m")
    # Safe as it is: segno draws paths, and no letter of the text gets into them.
    return Markup(code.svg_inline(border=_QUIET_ZONE, omitsize=True, dark="#000", light="#fff", lineclass=None))
