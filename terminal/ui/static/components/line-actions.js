// @ts-check
import { describePanel } from "../panel-kinds.js"
import { act, h, show } from "../dom.js"
import { t } from "../texts.js"
import { panelHead } from "./panel-head.js"
import { numberPad } from "./number-pad.js"

/** What can be done with the line that was tapped: another quantity, or off with it. */
export class LineActions extends HTMLElement {
  /** @param {{line: import("../types.js").LineView, money: import("../types.js").MoneyFormat}} drawn */
  set line({ line, money }) {
    const remove = () => act(this, `/api/v1/sale/lines/${line.id}/void`, {}, "search")
    const pad = line.can_change_quantity ? this.#pad(line, money) : null
    this.replaceChildren(
      panelHead(this, line.description, `${line.quantity}${line.unit ? ` ${line.unit}` : ""} × ${line.unit_price}`, line.total),
      h(
        "div",
        { class: "panel-body split" },
        pad ?? h("p", { class: "quiet", text: t("amount_stands") }),
        h(
          "div",
          { class: "panel-side" },
          pad && this.#set(pad, line),
          h("button", { type: "button", class: "button tall destroys", "data-key": "remove", onclick: remove }, t("remove_line")),
        ),
      ),
    )
  }

  /** @param {import("../types.js").LineView} line @param {import("../types.js").MoneyFormat} money */
  #pad(line, money) {
    const pad = numberPad("quantity", t("quantity"), money)
    pad.addEventListener("pad-enter", () => this.#send(pad, line))
    return pad
  }

  /** @param {import("./number-pad.js").NumberPad} pad @param {import("../types.js").LineView} line */
  #set(pad, line) {
    const button = /** @type {HTMLButtonElement} */ (
      h("button", { type: "button", class: "button primary tall", "data-key": "set", disabled: true, onclick: () => this.#send(pad, line) }, t("set_quantity"))
    )
    pad.addEventListener("pad-change", () => (button.disabled = !/\d/.test(pad.typed)))
    return button
  }

  /** @param {import("./number-pad.js").NumberPad} pad @param {import("../types.js").LineView} line */
  #send(pad, line) {
    if (/\d/.test(pad.typed)) act(this, `/api/v1/sale/lines/${line.id}/quantity`, { quantity: pad.decimal }, "search")
    else show(this, { name: "search" })
  }
}

customElements.define("line-actions", LineActions)

describePanel({
  name: "line",
  elements: ["line-actions"],
  title: "quantity",
  keys: [["⏎", "keys_open_line"]],
  stands: (panel, { sale }) => Boolean(sale?.lines.some(({ id }) => id === panel.line)),
  once: (element, panel, { sale, money }) => (element.line = { line: sale?.lines.find(({ id }) => id === panel.line), money }),
})
