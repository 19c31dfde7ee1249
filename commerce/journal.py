"""A journal written anew from a basket: the shortest one that describes it."""

from collections.abc import Iterator
from typing import Any

from commerce import events
from commerce.basket import Basket

Event = dict[str, Any]


def journal_of(basket: Basket) -> list[Event]:
    """Return events whose replay is this very basket."""
    return [_opening(basket), *_content(basket), *(events.tender_added(tender) for tender in basket.tenders)]


def _opening(basket: Basket) -> Event:
    return events.sale_started(
        basket.sale,
        basket.currency,
        basket.language,
        basket.started_at,
        vat_mode=basket.vat_mode,
        cash_step=basket.cash_step,
        voided_lines=basket.voided_lines,
    )


def _content(basket: Basket) -> Iterator[Event]:
    if basket.pos_type is not None:
        yield events.pos_type_chosen(basket.pos_type)
    if basket.customer is not None:
        yield events.customer_attached(basket.customer, basket.conditions)
    if basket.lines:
        yield events.lines_added(basket.lines)
    if basket.promotions:
        yield events.promotions_set(basket.promotions)
    for discount in basket.discounts:
        yield events.document_discount_set(discount)
    for coupon in basket.coupons:
        yield events.coupon_added(coupon)
    if basket.charges:
        yield events.charges_set(basket.charges)
    if basket.deposits:
        yield events.deposits_set(basket.deposits)
