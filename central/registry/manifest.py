"""What this area declares."""

from central.registry import api, layout_pages, pages, personal_pages
from central.registry.accounting_reasons import ACCOUNTING_REASONS
from central.registry.area import CUSTOMERS as OF_CUSTOMERS
from central.registry.area import (
    ITEMS,
    OPERATORS,
    SEE_CUSTOMERS,
    SEE_ITEMS,
    SEE_OPERATORS,
    SEE_SETTINGS,
    SEE_SUPPLIERS,
    SETTINGS,
)
from central.registry.area import SUPPLIERS as OF_SUPPLIERS
from central.registry.brands import BRANDS
from central.registry.categories import CATEGORIES
from central.registry.customers import CUSTOMERS
from central.registry.document_types import DOCUMENT_TYPES
from central.registry.factory_calendars import FACTORY_CALENDARS
from central.registry.finding import find_items
from central.registry.groups import BOOKS, TILLS
from central.registry.notes import NOTES
from central.registry.payments import PAYMENT_SOLUTIONS, PAYMENT_TYPES
from central.registry.pos_types import POS_TYPES
from central.registry.quick_keys import QUICK_KEY_PAGES
from central.registry.reasons import REASONS
from central.registry.receipt_layouts import RECEIPT_LAYOUTS
from central.registry.stock_reasons import STOCK_REASONS
from central.registry.suppliers import SUPPLIERS
from central.registry.tender_types import TENDER_TYPES
from central.registry.turnover import TURNOVER_TYPES
from central.registry.units import UNITS
from central.registry.warehouses import WAREHOUSES
from central.web.finding import Finder
from central.web.manifest import Manifest
from central.web.navigation import Section, Tab
from commerce.texts import N_

OF_TILLS = (POS_TYPES, TENDER_TYPES, REASONS, RECEIPT_LAYOUTS, QUICK_KEY_PAGES)
OF_PAPERS = (DOCUMENT_TYPES, NOTES)
OF_STOCK = (WAREHOUSES, STOCK_REASONS, FACTORY_CALENDARS)
OF_BOOKS = (PAYMENT_TYPES, PAYMENT_SOLUTIONS, TURNOVER_TYPES, ACCOUNTING_REASONS)

REGISTRY = Manifest(
    name="registry",
    rights=(ITEMS, OF_CUSTOMERS, OF_SUPPLIERS, OPERATORS, SETTINGS),
    sections=(
        Section("customers", "/customers", N_("Customers"), "c", 25, SEE_CUSTOMERS),
        Section("suppliers", "/suppliers", N_("Suppliers"), "u", 27, SEE_SUPPLIERS),
        Section("items", "/items", N_("Items & prices"), "i", 30, SEE_ITEMS),
        Section("operators", "/operators", N_("Operators"), "o", 40, SEE_OPERATORS),
        Section("settings", "/settings", N_("Settings"), "e", 90, SEE_SETTINGS),
    ),
    tabs={
        "items": (Tab("/items", N_("Items"), SEE_ITEMS),),
        "settings": (
            Tab("/settings", N_("Tills and receipts"), SEE_SETTINGS, TILLS),
            Tab("/settings/vat", N_("VAT codes"), SEE_SETTINGS, BOOKS),
        ),
    },
    pages=(pages.add_routes, layout_pages.add_routes, personal_pages.add_routes),
    api=(api.add_routes, personal_pages.add_operations),
    kinds=(BRANDS, CATEGORIES, UNITS, *OF_TILLS, *OF_PAPERS, *OF_STOCK, *OF_BOOKS, SUPPLIERS, CUSTOMERS),
    finders=(Finder(N_("Items & prices"), SEE_ITEMS, find_items),),
)
