"""What this area declares."""

from central.registry import api, pages
from central.registry.area import CUSTOMERS as OF_CUSTOMERS
from central.registry.area import ITEMS, OPERATORS, SEE_CUSTOMERS, SEE_ITEMS, SEE_OPERATORS, SEE_SETTINGS, SETTINGS
from central.registry.customers import CUSTOMERS
from central.registry.finding import find_items
from central.registry.reasons import REASONS
from central.web.finding import Finder
from central.web.manifest import Manifest
from central.web.navigation import Section
from commerce.texts import N_

REGISTRY = Manifest(
    name="registry",
    rights=(ITEMS, OF_CUSTOMERS, OPERATORS, SETTINGS),
    sections=(
        Section("customers", "/customers", N_("Customers"), "c", 25, SEE_CUSTOMERS),
        Section("items", "/items", N_("Items & prices"), "i", 30, SEE_ITEMS),
        Section("operators", "/operators", N_("Operators"), "o", 40, SEE_OPERATORS),
        Section("settings", "/settings", N_("Settings"), "e", 90, SEE_SETTINGS),
    ),
    pages=(pages.add_routes,),
    api=(api.add_routes,),
    finders=(Finder(N_("Items & prices"), SEE_ITEMS, find_items),),
    kinds=(REASONS, CUSTOMERS),
)
