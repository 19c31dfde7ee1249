"""The kinds of record of this area."""

from central.registry.customers import CUSTOMERS
from central.registry.reasons import REASONS

KINDS = (REASONS, CUSTOMERS)
