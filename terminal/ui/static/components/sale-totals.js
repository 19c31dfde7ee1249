// @ts-check
import { h, redraw } from "../dom.js"
import { t } from "../texts.js"

/** The total of the open sale with its VAT. */
export class SaleTotals extends HTMLElement {
  #drawn = ""

  /** @param {import("../types.js").View} view */
  set view({ sale, language }) {
    const key = JSON.stringify([sale?.total, sale?.taxes, sale?.items_text, language])
    if (key === this.#drawn) return
    this.#drawn = key
    this.hidden = !sale?.lines.length
    if (!sale) return
    redraw(
      this,
      h("p", { class: "totals-count", text: sale.items_text }),
      h("ul", { class: "totals-taxes", "aria-label": t("vat") }, ...sale.taxes.map(tax)),
      h("p", { class: "totals-total" }, h("span", { text: t("total") }), h("strong", { text: sale.total })),
    )
  }
}

/** @param {import("../types.js").TaxView} row */
function tax(row) {
  return h("li", {}, h("span", { text: row.label }), " ", h("span", { text: t("vat_on", row) }))
}

customElements.define("sale-totals", SaleTotals)
