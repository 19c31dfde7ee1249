// @ts-check
import { h, redraw, show } from "../dom.js"
import { t } from "../texts.js"

/** Under the right half: what can be done with the sale, and the way to pay, the biggest of all. */
export class ActionBar extends HTMLElement {
  #drawn = ""

  /** @param {import("../types.js").View} view */
  set view({ sale, language }) {
    const key = JSON.stringify([sale?.total, sale?.can_pay, language])
    if (key === this.#drawn) return
    this.#drawn = key
    const open = Boolean(sale?.can_pay)
    redraw(
      this,
      h("button", { type: "button", class: "button", "data-key": "receipt", onclick: () => show(this, { name: "receipt" }) }, t("last_receipt")),
      open && h("button", { type: "button", class: "button destroys", "data-key": "void", onclick: () => show(this, { name: "void" }) }, t("void_sale")),
      this.#pay(sale, open),
    )
  }

  /** @param {import("../types.js").SaleView | null} sale @param {boolean} open */
  #pay(sale, open) {
    return h(
      "button",
      { type: "button", class: "button primary pay", "data-key": "pay", disabled: !open, onclick: () => show(this, { name: "pay" }) },
      h("span", { text: t("pay") }),
      open && h("strong", { text: sale?.total }),
    )
  }
}

customElements.define("action-bar", ActionBar)
