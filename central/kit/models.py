"""What programs send and get of a kind: pydantic models, made once from its card."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from central.kit.kinds import Kind
from central.kit.proposals import Record
from central.kit.shape import RowsShape, Shape
from central.web.api import MAX_LIST
from commerce.errors import Problems

_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True, json_schema_serialization_defaults_required=True)


class Accepting(BaseModel):
    """What is overruled: the codes of warnings that were read, with commas between them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    accept: str = Field(default="", max_length=1000)


@dataclass(frozen=True, slots=True)
class Models:
    """The models of one kind. ``body`` makes a record, ``patch`` changes what it names."""

    body: type[BaseModel]
    patch: type[BaseModel]
    entry: type[BaseModel]
    bulk: type[BaseModel]
    answer: type[BaseModel]
    page: type[BaseModel]
    query: type[BaseModel]


@cache
def models_of(kind: Kind) -> Models:
    """Return a kind's models."""
    name, shapes, new = "".join(part.title() for part in kind.name.split("_")), kind.shapes, kind.card()
    config = _described(_needed(shapes, new))
    body = _model(f"{name}Body", shapes, new, f"{name}Row", config)
    answer = _model(name, shapes, new, f"{name}Row", id=(str, ...), version=(int, ...))
    entry = _model(f"{name}Entry", shapes, new, f"{name}Row", config, id=(str | None, None), version=(int | None, None))
    return Models(
        body,
        _model(f"{name}Patch", shapes, new, f"{name}Row", _described(_without_defaults)),
        entry,
        create_model(f"{name}Bulk", __config__=_STRICT, records=(_some(entry), ...)),
        answer,
        create_model(f"{name}Page", __config__=_STRICT, records=(list[answer], ...), next=(str | None, None)),  # type: ignore[valid-type]
        _query(f"{name}Query", kind),
    )


def card_of(kind: Kind, sent: BaseModel, problems: Problems, standing: object = None) -> Any:  # noqa: ANN401 - its card
    """Return the card that a program means; what it leaves out stays as it stands, or as in a new one."""
    values = {name: getattr(standing, name) for name in kind.shapes} if standing is not None else {}
    values |= _heard(kind.shapes, sent, problems)
    return kind.card(**values)


def said_of(kind: Kind, record: Record) -> dict[str, Any]:
    """Return a record in JSON."""
    return {"id": record.id, "version": record.version, **_said(kind.shapes, record.card)}


def _heard(shapes: Mapping[str, Shape], sent: BaseModel, problems: Problems) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in sorted(sent.model_fields_set & shapes.keys()):
        shape, said = shapes[name], getattr(sent, name)
        if isinstance(shape, RowsShape):
            rows = (_heard_row(shape, row, problems.under(f"{name}.{number}")) for number, row in enumerate(said))
            values[name] = tuple(rows)
            continue
        with problems.taking(name):
            values[name] = shape.heard(said)
    return values


def _heard_row(shape: RowsShape, sent: Any, problems: Problems) -> Any:  # noqa: ANN401 - each table has its own rows
    return shape.card(id=sent.id, **_heard(shape.shapes, sent, problems))


def _said(shapes: Mapping[str, Shape], card: object) -> dict[str, Any]:
    return {
        name: [{"id": row.id, **_said(shape.shapes, row)} for row in getattr(card, name)]
        if isinstance(shape, RowsShape)
        else shape.said(getattr(card, name))
        for name, shape in shapes.items()
    }


def _model(
    name: str,
    shapes: Mapping[str, Shape],
    new: object,
    row: str,
    config: ConfigDict = _STRICT,
    **more: Any,  # noqa: ANN401
) -> type[BaseModel]:
    """Everything is optional to pydantic: what is needed the service says, with its own sentence."""
    given: dict[str, Any] = {
        one: (_type(shape, f"{row}{one.title()}"), _default(shape, new, one)) for one, shape in shapes.items()
    }
    return create_model(name, __config__=config, **more, **given)


def _type(shape: Shape, row: str) -> Any:  # noqa: ANN401 - whatever pydantic takes
    if not isinstance(shape, RowsShape):
        return shape.annotation
    return list[_row_model(row, shape)]  # type: ignore[misc]


@cache
def _row_model(name: str, shape: RowsShape) -> type[BaseModel]:
    new = shape.card()
    return _model(name, shape.shapes, new, name, _described(_needed(shape.shapes, new)), id=(str, ""))


def _default(shape: Shape, new: object, name: str) -> Any:  # noqa: ANN401 - each shape has its own
    return [] if isinstance(shape, RowsShape) else shape.said(getattr(new, name))


def _described(change: Callable[[dict[str, Any]], None]) -> ConfigDict:
    return _STRICT | ConfigDict(json_schema_extra=change)


def _needed(shapes: Mapping[str, Shape], new: object) -> Callable[[dict[str, Any]], None]:
    """Return what describes as required whatever is, and a new card has not."""
    needed = {name for name, shape in shapes.items() if shape.needed and getattr(new, name) == shape.empty}

    def describe(schema: dict[str, Any]) -> None:
        required = needed.union(schema.get("required", ()))
        schema["required"] = [name for name in schema["properties"] if name in required]

    return describe


def _without_defaults(schema: dict[str, Any]) -> None:
    """What is left out of a change stays: programs made of the description must not fill it in."""
    for field in schema["properties"].values():
        field.pop("default", None)


def _some(entry: type[BaseModel]) -> Any:  # noqa: ANN401
    return Annotated[list[entry], Field(min_length=1, max_length=MAX_LIST)]  # type: ignore[valid-type]


def _query(name: str, kind: Kind) -> type[BaseModel]:
    orders = ["", *kind.sorts, *(f"-{sort}" for sort in kind.sorts)]
    filters = {one: (str, _asked(kind.shapes[one].asked)) for one in kind.narrowing}
    given: dict[str, Any] = {
        "q": (str, Field(default="", max_length=100)),
        "sort": (str, _asked({"enum": orders})),
        "after": (str, Field(default="", description="``next`` of the page before.")),
        "limit": (int, Field(default=100, ge=1, le=MAX_LIST)),
        **filters,
    }
    return create_model(name, __config__=ConfigDict(frozen=True, extra="forbid"), **given)


def _asked(about: dict[str, Any]) -> Any:  # noqa: ANN401 - a pydantic field
    """Return a parameter that is described so; the list refuses what is not, with its own sentence."""
    return Field(default="", json_schema_extra=about)
