"""The words of a declaration: a card is a frozen dataclass whose fields are made by these.

``text(N_("Code"), most=16, needed=True)``: the label first, then the limits of its shape; ``default`` is what stands in
a new record.
"""

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from central.kit.shape import IdShape, RowsShape, Shape
from central.kit.shapes import (
    SELF,
    ChoiceShape,
    ChoicesShape,
    DayShape,
    LongTextShape,
    NamesShape,
    NumberShape,
    ReferenceShape,
    TextShape,
    TextsShape,
    TickShape,
)

__all__ = ["SELF", "choice", "choices", "day", "long_text", "number", "reference", "row_id", "rows", "text", "texts",
           "tick", "translated"]  # fmt: skip


def _maker(shape: Callable[..., Shape]) -> Callable[..., Any]:
    def make(label: str, **limits: Any) -> Any:  # noqa: ANN401 - dataclasses take it for the value
        default = limits.pop("default", None)
        made = shape(label=label, **limits)
        value = made.empty if default is None else default
        about = {"shape": made}
        return field(default_factory=dict, metadata=about) if value == {} else field(default=value, metadata=about)

    return make


text = _maker(TextShape)
long_text = _maker(LongTextShape)
translated = _maker(NamesShape)  # a name in each language
texts = _maker(TextsShape)
number = _maker(NumberShape)
tick = _maker(TickShape)
day = _maker(DayShape)
_choice, _choices, _reference, _rows = map(_maker, (ChoiceShape, ChoicesShape, ReferenceShape, RowsShape))


def choice(label: str, options: Mapping[str, str], **limits: Any) -> Any:  # noqa: ANN401
    """One of a closed list: codes with their words."""
    return _choice(label, options=options, **limits)


def choices(label: str, options: Mapping[str, str], **limits: Any) -> Any:  # noqa: ANN401
    """Any of a closed list."""
    return _choices(label, options=options, **limits)


def reference(label: str, to: object, **limits: Any) -> Any:  # noqa: ANN401
    """A record of another kind, or of its own (``SELF``)."""
    return _reference(label, to=to, **limits)


def rows(label: str, card: type, **limits: Any) -> Any:  # noqa: ANN401
    """Rows with a card of their own, which begins with ``id: str = row_id()``."""
    return _rows(label, card=card, **limits)


def row_id() -> Any:  # noqa: ANN401
    """The id of a row of another record."""
    return field(default="", metadata={"shape": IdShape(label="")})
