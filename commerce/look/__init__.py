"""The look of both daemons' pages, from one place: ``tokens.css``, the icon, and the typeface under ``font/``.

Both serve the folder as it is, under ``/static/look``; nobody keeps a copy or a colour of their own.
"""

from pathlib import Path
from typing import Final

LOOK: Final = Path(__file__).with_name("files")
