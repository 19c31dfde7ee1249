"""The rights of the registries."""

from central.identity.scope import Area, Right
from commerce.texts import N_

ITEMS = Area("items", N_("Items & prices"), (Right.SEE, Right.EDIT))
SEE_ITEMS, EDIT_ITEMS = ITEMS.permissions

OPERATORS = Area("operators", N_("Operators"), (Right.SEE, Right.EDIT))
SEE_OPERATORS, EDIT_OPERATORS = OPERATORS.permissions

SETTINGS = Area("settings", N_("Settings"), (Right.SEE, Right.EDIT))
SEE_SETTINGS, EDIT_SETTINGS = SETTINGS.permissions

CUSTOMERS = Area("customers", N_("Customers"), (Right.SEE, Right.EDIT))
SEE_CUSTOMERS, EDIT_CUSTOMERS = CUSTOMERS.permissions

SUPPLIERS = Area("suppliers", N_("Suppliers"), (Right.SEE, Right.EDIT))
SEE_SUPPLIERS, EDIT_SUPPLIERS = SUPPLIERS.permissions
