"""What other areas may join in their own queries: every till with its company and shop, to be read only."""

from sqlalchemy import select

from central.organisation.tables import shop, till

# id, company, shop, shop_name, code, name, mode
tills = (
    select(
        till.c.id, till.c.company, till.c.shop, shop.c.name.label("shop_name"), till.c.code, till.c.name, till.c.mode
    )
    .join(shop, (shop.c.company == till.c.company) & (shop.c.id == till.c.shop))
    .subquery("till_directory")
)
