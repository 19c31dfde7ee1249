"""The sections of head office, named by what people do there; only what works is listed."""

from dataclasses import dataclass

from central.identity.scope import Permission
from central.registry.area import SEE_ITEMS, SEE_OPERATORS, SEE_SETTINGS
from central.sales.area import SEE_SALES
from central.tills.area import SEE_TILLS
from commerce.texts import N_


@dataclass(frozen=True, slots=True)
class Section:
    """One entry of the navigation, for who may see it. ``key`` goes there after ``g``."""

    name: str
    path: str
    title: str
    key: str
    permission: Permission | None = None


SECTIONS = (
    Section("today", "/", N_("Today"), "t"),
    Section("sales", "/sales", N_("Sales"), "s", SEE_SALES),
    Section("items", "/items", N_("Items & prices"), "i", SEE_ITEMS),
    Section("operators", "/operators", N_("Operators"), "o", SEE_OPERATORS),
    Section("tills", "/tills", N_("Tills"), "l", SEE_TILLS),
    Section("jobs", "/jobs", N_("Jobs"), "j"),
    Section("settings", "/settings", N_("Settings"), "e", SEE_SETTINGS),
)
