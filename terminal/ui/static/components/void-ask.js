// @ts-check
import { describePanel } from "../panel-kinds.js"
import { act, h, show } from "../dom.js"
import { t } from "../texts.js"
import { panelHead } from "./panel-head.js"

/** Asks once before a whole sale is given up. */
export class VoidAsk extends HTMLElement {
  /** @param {import("../types.js").SaleView} sale */
  set sale(sale) {
    this.replaceChildren(
      panelHead(this, t("void_sale"), sale.items_text, sale.total),
      h(
        "div",
        { class: "panel-body ask" },
        h("p", { class: "ask-words", text: t("void_sale_sure") }),
        h("div", { class: "card-buttons" }, h("button", { type: "button", class: "button tall", "data-key": "no", onclick: () => show(this, { name: "search" }) }, t("no")), h("button", { type: "button", class: "button tall destroys strong", "data-key": "yes", onclick: () => act(this, "/api/v1/sale/void", {}, "search") }, t("void_sale_yes"))),
      ),
    )
  }
}

customElements.define("void-ask", VoidAsk)

describePanel({
  name: "void",
  elements: ["void-ask"],
  title: "void_sale",
  stands: (_, { sale }) => Boolean(sale?.can_pay),
  once: (element, _, { sale }) => (element.sale = sale),
})
