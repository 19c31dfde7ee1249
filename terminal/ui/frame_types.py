"""What goes over the live channel, both ways."""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from terminal.ui.view_types import LineView, NoticeView, View


class ViewFrame(TypedDict):
    """Server → page: the whole view, first of all and after another language was asked for."""

    type: Literal["view"]
    revision: int
    view: View


class LineChanges(TypedDict):
    """The lines of the sale that went, then those that came or changed, whole.

    Take the ``removed`` away, count the rest from 1 anew (``position``), put those of ``set`` in by ``id``, order by
    ``position``.
    """

    removed: list[str]
    set: list[LineView]


class ChangesFrame(TypedDict):
    """Server → page, on every change: what differs from the view that this page was sent last.

    ``sections`` are members of the view, whole; ``sale`` without its lines, which stay unless ``lines`` says otherwise.
    """

    type: Literal["changes"]
    revision: int
    sections: dict[str, Any]
    lines: NotRequired[LineChanges]


class NoticeFrame(TypedDict):
    """Server → page, once for each notice, none left out."""

    type: Literal["notice"]
    notice: NoticeView


class LanguageFrame(TypedDict):
    """Page → server: the language of this page from now on."""

    type: Literal["language"]
    language: str
