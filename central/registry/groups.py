"""Under which headings the settings stand, by what people do with them; in the order in which they are shown."""

from commerce.texts import N_

TILLS = N_("At the till")
PAPERS = N_("Papers")
STOCK = N_("Stock and days")
BOOKS = N_("Money and books")
