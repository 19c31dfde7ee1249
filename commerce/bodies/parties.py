"""Who sells, in what dress, and under which number: parts that documents of every kind share."""

from dataclasses import dataclass

from commerce.bodies.form import Count, DayText, Id, Part, Text, Texts


@dataclass(frozen=True, slots=True)
class SellerBody(Part):
    """Company, shop and till as a document prints them."""

    company_name: Text
    tax_id: Text
    country: Id
    shop_name: Text
    address: Texts
    till_name: Text


@dataclass(frozen=True, slots=True)
class LayoutBody(Part):
    """The layout version a document was issued with, and the texts it prints."""

    code: Id
    version: Count
    header: Texts
    footer: Texts


@dataclass(frozen=True, slots=True)
class DocumentBody(Part):
    """A document's identity and its number; the series is owned by one till and chain."""

    id: Id
    kind: Id
    series: Id
    series_code: Text
    period: Text
    number: Count
    formatted: Text
    date: DayText
