"""The shapes there are. What a method is for, ``Shape`` says."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Literal

from sqlalchemy import BigInteger
from sqlalchemy.types import TypeEngine

from central.db.metadata import Day, JsonText, Key, ScaledInt, Tick
from central.kit.reading import clean, fold, read_day, read_number, read_range
from central.kit.shape import Fault, Inputs, Narrow, Shape, Value
from central.kit.showing import Showing
from commerce.errors import BadInputError
from commerce.money import fixed, scaled
from commerce.texts import LANGUAGES

MOST_KEY = 120  # of a key's characters: an index takes no longer ones
SELF = "self"  # what a reference names that is of its own kind
NAMED_FIRST = ("it", "en")  # names are sorted by the first of these that they have
_NOTHING = -(2**62)  # sorts before every number


@dataclass(frozen=True, kw_only=True)
class _Written(Shape):
    """Whatever people write: one text or several, found by their words."""

    most: int = 200

    long: ClassVar[bool] = False
    most_texts: ClassVar[int] = 50

    def texts(self, value: Value) -> Sequence[str]:
        """Return the texts in it."""
        return tuple(value)

    def words(self, value: Value) -> Iterable[str]:
        return self.texts(value)

    def faults(self, value: Value) -> Iterator[Fault]:
        yield from super().faults(value)
        texts = self.texts(value)
        if len(texts) > self.most_texts:
            yield "field.many", {"most": self.most_texts}
        if any(len(text) > self.most for text in texts):
            yield "field.long", {"most": self.most}
        if not all(char.isprintable() or (self.long and char == "\n") for text in texts for char in text):
            yield "field.characters", {}


@dataclass(frozen=True, kw_only=True)
class _Folded(_Written):
    """Sorted and filtered by how it begins, without case and accents."""

    key_type: ClassVar[TypeEngine[Any] | None] = Key()
    filter_by_key: ClassVar[bool] = True

    @property
    def asked(self) -> dict[str, Any]:
        return {"description": "How it begins, whatever its case and accents."}

    def key(self, value: Value) -> str:
        return fold(next(iter(self.texts(value)), ""))[:MOST_KEY]

    def narrow(self, text: str) -> Narrow:
        begins = fold(text)[:MOST_KEY]
        return Narrow(begins, begins + "\U0010ffff")


@dataclass(frozen=True, kw_only=True)
class TextShape(_Folded):
    """One line of text; ``letters="upper"`` keeps it in capitals, as codes are."""

    letters: str = ""

    @property
    def schema(self) -> dict[str, Any]:
        return {"maxLength": self.most}

    def texts(self, value: str) -> Sequence[str]:
        return (value,)

    def read(self, typed: Inputs) -> str:
        return self.heard(typed.get("", ""))

    def heard(self, said: str) -> str:
        text = clean(said, lines=self.long)
        return text.upper() if self.letters == "upper" else text


@dataclass(frozen=True, kw_only=True)
class LongTextShape(TextShape):
    """Several lines of text."""

    most: int = 2000

    widget: ClassVar[str] = "area"
    long: ClassVar[bool] = True
    key_type: ClassVar[TypeEngine[Any] | None] = None
    filter_by_key: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class NamesShape(_Folded):
    """A name in each language; needed means in one at least."""

    widget: ClassVar[str] = "names"
    empty: ClassVar[Value] = {}
    stored: ClassVar[TypeEngine[Any]] = JsonText()
    said_as: ClassVar[Any] = dict[Literal["en", "it"], str]

    @property
    def parts(self) -> tuple[str, ...]:
        return LANGUAGES

    def texts(self, value: Mapping[str, str]) -> Sequence[str]:
        return [value[language] for language in NAMED_FIRST if value.get(language)]

    def read(self, typed: Inputs) -> dict[str, str]:
        cleaned = {part: clean(typed.get(part, "")) for part in NAMED_FIRST}
        return {part: text for part, text in cleaned.items() if text}

    def heard(self, said: Mapping[str, str]) -> dict[str, str]:
        return self.read(said)

    def typed(self, value: Mapping[str, str], language: str) -> dict[str, str]:
        return {part: value.get(part, "") for part in LANGUAGES}

    def shown(self, value: Mapping[str, str], showing: Showing) -> str:
        return value.get(showing.language) or next(iter(self.texts(value)), "")


@dataclass(frozen=True, kw_only=True)
class TextsShape(_Written):
    """Several short texts, one a line."""

    most: int = 60

    widget: ClassVar[str] = "area"
    empty: ClassVar[Value] = ()
    stored: ClassVar[TypeEngine[Any]] = JsonText()
    said_as: ClassVar[Any] = list[str]

    def read(self, typed: Inputs) -> tuple[str, ...]:
        return self.heard(typed.get("", "").splitlines())

    def heard(self, said: Sequence[str]) -> tuple[str, ...]:
        return tuple(filter(None, map(clean, said)))

    def typed(self, value: Sequence[str], language: str) -> dict[str, str]:
        return {"": "\n".join(value)}

    def shown(self, value: Sequence[str], showing: Showing) -> str:
        return " · ".join(value)

    def said(self, value: Sequence[str]) -> list[str]:
        return list(value)


@dataclass(frozen=True, kw_only=True)
class NumberShape(Shape):
    """A Decimal of a fixed scale, or nothing; decimals as text in JSON: no float on the way."""

    scale: int = 0
    least: Decimal | None = None
    most: Decimal | None = None

    widget: ClassVar[str] = "number"
    empty: ClassVar[Value] = None
    nullable: ClassVar[bool] = True
    key_type: ClassVar[TypeEngine[Any] | None] = BigInteger()
    said_as: ClassVar[Any] = str | None
    align: ClassVar[str] = "right nowrap"

    @property
    def column_type(self) -> TypeEngine[Any]:
        return ScaledInt(self.scale)

    @property
    def schema(self) -> dict[str, Any]:
        return {"examples": [fixed(Decimal(12), self.scale)]}

    @property
    def asked(self) -> dict[str, Any]:
        return {"description": "A number, or both ends of a range; one may be left open.", "examples": ["1..10"]}

    def key(self, value: Decimal | None) -> int:
        return _NOTHING if value is None else scaled(value, self.scale)

    def typed(self, value: Decimal | None, language: str) -> dict[str, str]:
        whole, _, decimals = f"{value:f}".partition(".") if value is not None else ("", "", "")
        decimals = decimals.rstrip("0")
        return {"": f"{whole}{',' if language == 'it' else '.'}{decimals}" if decimals else whole}

    def shown(self, value: Decimal | None, showing: Showing) -> str:
        return "" if value is None else showing.formats.quantity(value)

    def said(self, value: Decimal | None) -> str | None:
        return None if value is None else fixed(value, self.scale)

    def heard(self, said: str | None) -> Decimal | None:
        return read_number(said, self.scale) if said else None

    def faults(self, value: Decimal | None) -> Iterator[Fault]:
        yield from super().faults(value)
        too_low = value is not None and self.least is not None and value < self.least
        if too_low or (value is not None and self.most is not None and value > self.most):
            ends = {"least": self.least, "most": self.most}
            yield "field.range", {name: "–" if end is None else f"{end:f}" for name, end in ends.items()}

    def narrow(self, text: str) -> Narrow:
        """``5``, ``1..10``, ``1..`` or ``..10``."""
        return Narrow(*read_range(text, lambda part: read_number(part, self.scale)))


@dataclass(frozen=True, kw_only=True)
class TickShape(Shape):
    """Yes or no; a box that is not ticked is not sent."""

    widget: ClassVar[str] = "tick"
    empty: ClassVar[Value] = False
    stored: ClassVar[TypeEngine[Any]] = Tick()
    key_type: ClassVar[TypeEngine[Any] | None] = BigInteger()
    said_as: ClassVar[Any] = bool

    @property
    def asked(self) -> dict[str, Any]:
        return {"enum": ["", "yes", "no"]}

    def key(self, value: bool) -> int:
        return int(value)

    def read(self, typed: Inputs) -> bool:
        return typed.get("", "") == "1"

    def typed(self, value: bool, language: str) -> dict[str, str]:
        return {"": "1" if value else ""}

    def shown(self, value: bool, showing: Showing) -> str:
        return showing.words.t("yes") if value else ""

    def narrow(self, text: str) -> Narrow:
        if text not in ("yes", "no"):
            raise BadInputError("list.filter", value=text[:40])
        return Narrow(text == "yes", text == "yes")


@dataclass(frozen=True, kw_only=True)
class DayShape(Shape):
    """A calendar day, or nothing."""

    widget: ClassVar[str] = "day"
    empty: ClassVar[Value] = None
    nullable: ClassVar[bool] = True
    stored: ClassVar[TypeEngine[Any]] = Day()
    key_type: ClassVar[TypeEngine[Any] | None] = Key()
    said_as: ClassVar[Any] = str | None
    align: ClassVar[str] = "nowrap"

    @property
    def schema(self) -> dict[str, Any]:
        return {"format": "date"}

    @property
    def asked(self) -> dict[str, Any]:
        return {"description": "A day, or both ends of a range.", "examples": ["2026-11-01..2026-11-30"]}

    def key(self, value: date | None) -> str:
        return self.said(value) or ""

    def shown(self, value: date | None, showing: Showing) -> str:
        return "" if value is None else showing.formats.day(value)

    def said(self, value: date | None) -> str | None:
        return None if value is None else value.isoformat()

    def heard(self, said: str | None) -> date | None:
        return read_day(said) if said else None

    def narrow(self, text: str) -> Narrow:
        """``2026-11-24``, ``2026-11-01..2026-11-30`` or open at one end."""
        return Narrow(*read_range(text, read_day))


@dataclass(frozen=True, kw_only=True)
class ChoiceShape(Shape):
    """One of a closed list; ``options`` are its codes with their words, in order."""

    options: Mapping[str, str]

    widget: ClassVar[str] = "choice"
    stored: ClassVar[TypeEngine[Any]] = Key()
    key_type: ClassVar[TypeEngine[Any] | None] = BigInteger()

    @property
    def schema(self) -> dict[str, Any]:
        return {"enum": [*([] if self.needed else [""]), *self.options]}

    @property
    def asked(self) -> dict[str, Any]:
        return {"enum": ["", *self.options]}

    def key(self, value: str) -> int:
        return list(self.options).index(value) if value in self.options else -1

    def shown(self, value: str, showing: Showing) -> str:
        return showing.words.t(self.options[value]) if value in self.options else value

    def faults(self, value: str) -> Iterator[Fault]:
        yield from super().faults(value)
        if value and value not in self.options:
            yield "field.choice", {}

    def narrow(self, text: str) -> Narrow:
        if text not in self.options:
            raise BadInputError("list.filter", value=text[:40])
        return Narrow(text, text)


@dataclass(frozen=True, kw_only=True)
class ChoicesShape(Shape):
    """Any of a closed list, kept in its order: a box for each."""

    options: Mapping[str, str]

    widget: ClassVar[str] = "choices"
    empty: ClassVar[Value] = ()
    stored: ClassVar[TypeEngine[Any]] = JsonText()
    said_as: ClassVar[Any] = list[str]

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.options)

    @property
    def schema(self) -> dict[str, Any]:
        return {"items": {"type": "string", "enum": list(self.options)}}

    def read(self, typed: Inputs) -> tuple[str, ...]:
        return tuple(option for option in self.options if typed.get(option, "") == "1")

    def heard(self, said: Sequence[str]) -> tuple[str, ...]:
        """In the order of the list, each once; what is not of it last, to be refused."""
        return tuple(sorted(dict.fromkeys(said), key=[*self.options, *said].index))

    def typed(self, value: Sequence[str], language: str) -> dict[str, str]:
        return {option: "1" if option in value else "" for option in self.options}

    def shown(self, value: Sequence[str], showing: Showing) -> str:
        return ", ".join(showing.words.t(self.options.get(option, option)) for option in value)

    def said(self, value: Sequence[str]) -> list[str]:
        return list(value)

    def faults(self, value: Sequence[str]) -> Iterator[Fault]:
        yield from super().faults(value)
        if not set(value) <= self.options.keys():
            yield "field.choice", {}


@dataclass(frozen=True, kw_only=True)
class ReferenceShape(Shape):
    """A record of another kind, or of its own; people type its code or its title, programs say its id."""

    to: Any  # the Kind, which stands above this module; SELF until it is declared

    widget: ClassVar[str] = "reference"
    empty: ClassVar[Value] = None
    nullable: ClassVar[bool] = True
    stored: ClassVar[TypeEngine[Any]] = Key()
    said_as: ClassVar[Any] = str | None

    @property
    def asked(self) -> dict[str, Any]:
        return {"description": "The id of what is named, its code or its title."}

    def heard(self, said: str | None) -> str | None:
        return said or None

    def shown(self, value: str | None, showing: Showing) -> str:
        return "" if value is None else showing.title(self.to.name, value)

    def narrow(self, text: str) -> Narrow:
        return Narrow(text, text)
