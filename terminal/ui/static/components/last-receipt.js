// @ts-check
import { describePanel } from "../panel-kinds.js"
import { act, h } from "../dom.js"
import { t } from "../texts.js"
import { panelHead } from "./panel-head.js"

/** The newest receipt, to look at and to print again. */
export class LastReceipt extends HTMLElement {
  /** @param {{receipt: import("../types.js").ReceiptView | null, copy: string}} drawn */
  set receipt({ receipt, copy }) {
    if (!receipt) {
      this.replaceChildren(panelHead(this, t("last_receipt")), h("p", { class: "panel-body quiet", text: t("no_receipt") }))
      return
    }
    const lines = receipt.lines.map((line) => h("li", {}, h("span", { text: `${line.quantity} × ${line.description}` }), h("span", { text: line.total })))
    const given = receipt.tenders.map((tender) => h("li", {}, h("span", { text: tender.name }), h("span", { text: tender.amount })))
    this.replaceChildren(
      panelHead(this, `${t("receipt")} ${receipt.formatted}`, receipt.moment, receipt.total),
      h(
        "div",
        { class: "panel-body receipt" },
        this.#again(receipt, copy),
        h("ul", { class: "rows" }, ...lines),
        h("ul", { class: "rows strong" }, h("li", {}, h("span", { text: t("total") }), h("span", { text: receipt.total })), ...given, h("li", {}, h("span", { text: t("change") }), h("span", { text: receipt.change }))),
      ),
    )
  }

  /** @param {import("../types.js").ReceiptView} receipt @param {string} copy */
  #again(receipt, copy) {
    if (!receipt.print) return null
    const onclick = () => act(this, `/api/v1/prints/${receipt.print}/again`, {}, "search")
    return h("button", { type: "button", class: "button primary tall", "data-key": "again", onclick }, copy)
  }
}

customElements.define("last-receipt", LastReceipt)

describePanel({
  name: "receipt",
  elements: ["last-receipt"],
  title: "last_receipt",
  opens: "receipt",
  keys: [["F4", "keys_last"]],
  once: (element, panel, view, ways) => {
    if (panel.receipt !== undefined) element.receipt = { receipt: panel.receipt, copy: copyWords(view, panel.receipt) }
    else void ways.read("/api/v1/receipts/last").catch(() => null).then((receipt) => ways.fill({ name: "receipt", receipt }))
  },
})

/** @param {import("../types.js").View} view @param {import("../types.js").ReceiptView | null} receipt */
function copyWords(view, receipt) {
  const print = view.prints.find(({ id }) => id === receipt?.print)
  return print?.actions.find(({ name }) => name === "again")?.text ?? t("copy")
}
