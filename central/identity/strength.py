"""Refuses passwords that guessers try first: those of lists, keyboards, dates, names, and what stands around us."""

import threading
from collections.abc import Sequence
from pathlib import Path

from commerce.errors import BadInputError

ENOUGH = 3  # of zxcvbn's 0 to 4: more than 10^8 guesses
LOOKED_AT = 64  # characters; its time grows with the square, and nobody guesses so many
_ALONE = threading.Lock()  # the library keeps the words of a call in a table of its module

# zxcvbn knows English words and the passwords of leaks; these are what Italians and shops choose besides.
_OURS = Path(__file__).with_name("common_words.txt").read_text(encoding="ascii").split()


def check_strength(password: str, around: Sequence[str] = ()) -> None:
    """BadInputError ``password.common`` for one that is soon guessed; ``around`` is what stands beside it, as a name.

    Takes milliseconds of one processor: for a thread.
    """
    from zxcvbn import zxcvbn  # lists of thirty thousand words, which a start should not read

    words = [part for text in around for part in (text, "".join(text.split()), *text.split()) if len(part) > 2]
    with _ALONE:
        score = int(zxcvbn(password[:LOOKED_AT], user_inputs=[*words, *_OURS])["score"])
    if score < ENOUGH:
        raise BadInputError("password.common")
