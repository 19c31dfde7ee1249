"""What this area declares."""

from central.sales import api, pages
from central.sales.area import SALES, SEE_SALES
from central.sales.exporting import SALES_WORKBOOK, make_sales_workbook
from central.sales.finding import find_numbers
from central.web.finding import Finder
from central.web.manifest import Manifest
from central.web.navigation import Section
from commerce.texts import N_

SELLING = Manifest(
    name="sales",
    rights=(SALES,),
    sections=(
        Section("today", "/", N_("Today"), "t", 10),
        Section("sales", "/sales", N_("Sales"), "s", 20, SEE_SALES),
    ),
    pages=(pages.add_routes,),
    api=(api.add_routes,),
    finders=(Finder(N_("Sales"), SEE_SALES, find_numbers),),
    jobs={SALES_WORKBOOK: make_sales_workbook},
)
