"""GS1 Digital Link: the web address form of element strings (GS1 Digital Link Standard: URI Syntax)."""

import re
from itertools import pairwise
from urllib.parse import unquote

from commerce.barcode.gs1_elements import Gs1Element, check_element
from commerce.errors import BadInputError

# Primary key: the orders in which its qualifiers may follow in the path, each optional.
_QUALIFIERS: dict[str, tuple[tuple[str, ...], ...]] = {
    **dict.fromkeys(("00", "253", "255", "401", "402", "8003", "8013"), ((),)),
    "01": (("22", "10", "21"), ("235",)),
    "414": (("254",), ("7040",)),
    "415": (("8020",),),
    "417": (("7040",),),
    "8004": (("7040",),),
    "8006": (("22", "10", "21"),),
    "8010": (("8011",),),
    **dict.fromkeys(("8017", "8018"), (("8019",),)),
}
_URI = re.compile(
    r"(?:https?|HTTPS?)://(?P<host>[A-Za-z0-9._~:\[\]-]+)(?P<path>(?:/[^/?#]+)*)(?:\?(?P<query>[^#]*))?(?:#.*)?",
    re.ASCII,
)
_FORBIDDEN = re.compile(r"[^!-~]|[\"<>\\^`{|}]")


def is_web_address(text: str) -> bool:
    """Tell whether the text is an http or https address of any kind."""
    return text.startswith(("http://", "https://", "HTTP://", "HTTPS://"))


def parse_digital_link(uri: str) -> list[Gs1Element]:
    """Return the elements that a Digital Link address names, key first, or raise BadInputError."""
    match = _URI.fullmatch(uri)
    if match is None or _FORBIDDEN.search(uri):
        raise BadInputError("gs1.not_digital_link")
    path = _path_elements(match["path"])
    attributes = _query_elements(match["query"] or "")
    names = [element.ai for element in (*path, *attributes)]
    if len(set(names)) != len(names):
        raise BadInputError("gs1.repeated_in_link")
    elements = [*path, *attributes]
    for element in elements:
        check_element(element)
    return elements


def _path_elements(path: str) -> list[Gs1Element]:
    segments = path.split("/")[1:]
    for start in range(len(segments) - 2, -1, -2):
        orders = _QUALIFIERS.get(segments[start])
        if orders is None:
            continue
        pairs = list(zip(segments[start::2], segments[start + 1 :: 2], strict=True))
        if any(_in_order([ai for ai, _ in pairs[1:]], order) for order in orders):
            _check_stem(segments[:start])
            return [Gs1Element(ai, _unescaped(value)) for ai, value in pairs]
    raise BadInputError("gs1.no_key_in_link")


def _check_stem(stem: list[str]) -> None:
    """An address may begin with anything, but not with a trade item number that is none."""
    for name, value in pairwise(stem):
        if name == "01" and len(value) == 14 and value.isdigit():
            check_element(Gs1Element(name, value))


def _in_order(ais: list[str], order: tuple[str, ...]) -> bool:
    places = [order.index(ai) if ai in order else -1 for ai in ais]
    return -1 not in places and places == sorted(set(places))


def _query_elements(query: str) -> list[Gs1Element]:
    pairs = (part.partition("=") for part in re.split("[&;]", query))
    return [Gs1Element(name, _unescaped(value.replace("+", " "))) for name, _, value in pairs if name.isdigit()]


def _unescaped(value: str) -> str:
    # Only ASCII may result: element values know no other characters, and each check refuses them.
    return unquote(value, encoding="latin-1")
