"""Shows paper on a page or as plain text. Classes only, no inline styles: the page's own sheet gives the looks."""

from collections.abc import Mapping
from html import escape

from terminal.devices.printer.codes import barcode_dots, qr_dots
from terminal.devices.printer.paper_reader import (
    DrawerPulse,
    Paper,
    PaperCode,
    PaperCut,
    PaperItem,
    PaperLine,
    PaperPicture,
    Span,
    read_paper,
)

__all__ = ["TEXT_KEYS", "Paper", "read_paper", "to_html", "to_text"]

TEXT_KEYS = ("cut", "drawer_opened", "picture")


def to_html(paper: Paper, texts: Mapping[str, str]) -> str:
    """Return an escaped HTML fragment; ``texts`` gives the words for TEXT_KEYS in the reader's language."""
    body = "\n".join(_item_html(item, texts) for item in paper.items)
    return f'<div class="paper" data-columns="{paper.columns}">\n{body}\n</div>'


def to_text(paper: Paper) -> str:
    """Return the paper's words, one line each, codes by their content, the cut as a dashed line."""
    return "".join(f"{line}\n" for item in paper.items for line in _item_text(item, paper.columns))


def _item_html(item: PaperItem, texts: Mapping[str, str]) -> str:
    match item:
        case PaperLine():
            spans = "".join(_span_html(span) for span in item.spans)
            return f'<div class="paper-line paper-{item.align}">{spans or "&#8203;"}</div>'
        case PaperCode():
            return _code_html(item)
        case PaperPicture():
            picture = _dots_html(item.rows, texts["picture"])
            return f'<div class="paper-picture paper-{item.align}">{picture}</div>'
        case PaperCut():
            return f'<div class="paper-cut" role="separator" aria-label="{escape(texts["cut"])}"></div>'
        case DrawerPulse():
            return f'<div class="paper-drawer">{escape(texts["drawer_opened"])} ({item.pin})</div>'


def _span_html(span: Span) -> str:
    style = span.style
    looks = [f"paper-w{style.width}", f"paper-h{style.height}"]
    looks += [
        name
        for name, worn in (
            ("paper-bold", style.bold),
            ("paper-underline", style.underline),
            ("paper-inverse", style.inverse),
        )
        if worn
    ]
    return f'<span class="{" ".join(looks)}">{escape(span.text)}</span>'


def _code_html(code: PaperCode) -> str:
    rows = qr_dots(code.data) if code.kind == "qr" else barcode_dots(code.kind, code.data)
    caption = "" if code.kind == "qr" else f'<div class="paper-code-text">{escape(code.data)}</div>'
    drawing = _dots_html(rows, code.data) if rows else ""
    return f'<div class="paper-code paper-code-{code.kind} paper-{code.align}">{drawing}{caption}</div>'


def _dots_html(rows: tuple[bytes, ...], label: str) -> str:
    width = max((len(row) for row in rows), default=0)
    path = "".join(_row_path(row, y) for y, row in enumerate(rows))
    return (
        f'<svg role="img" aria-label="{escape(label)}" viewBox="0 0 {width} {len(rows)}"'
        f' width="{width}" height="{len(rows)}" shape-rendering="crispEdges"><path d="{path}"/></svg>'
    )


def _row_path(row: bytes, y: int) -> str:
    """Draw each run of black dots as one rectangle."""
    parts = []
    x = 0
    for run in row.replace(b"\x00", b" ").split(b" "):
        if run:
            parts.append(f"M{x} {y}h{len(run)}v1h-{len(run)}z")
        x += len(run) + 1
    return "".join(parts)


def _item_text(item: PaperItem, columns: int) -> list[str]:
    match item:
        case PaperLine():
            return [_line_text(item, columns)]
        case PaperCode():
            return [f"[{item.data}]".center(columns).rstrip()]
        case PaperPicture():
            return ["[]".center(columns).rstrip()]
        case PaperCut():
            return ["- " * (columns // 2)]
        case DrawerPulse():
            return []


def _line_text(line: PaperLine, columns: int) -> str:
    width = columns // max((span.style.width for span in line.spans), default=1)
    if line.align == "center":
        return line.text.center(width).rstrip()
    return line.text.rjust(width) if line.align == "right" else line.text
