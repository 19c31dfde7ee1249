"""The sections of head office, named by what people do there; only what works is listed."""

from dataclasses import dataclass

from central.identity.people import Permission
from commerce.texts import N_


@dataclass(frozen=True, slots=True)
class Section:
    """One entry of the navigation. ``key`` goes there after ``g``."""

    name: str
    path: str
    title: str
    key: str
    permission: Permission = Permission.READ


SECTIONS = (
    Section("today", "/", N_("Today"), "t"),
    Section("sales", "/sales", N_("Sales"), "s"),
    Section("items", "/items", N_("Items & prices"), "i"),
    Section("operators", "/operators", N_("Operators"), "o"),
    Section("tills", "/tills", N_("Tills"), "l"),
    Section("jobs", "/jobs", N_("Jobs"), "j"),
    Section("settings", "/settings", N_("Settings"), "e"),
)
