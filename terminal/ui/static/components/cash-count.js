// @ts-check
import { describePanel } from "../panel-kinds.js"
import { act, h, redraw } from "../dom.js"
import { t } from "../texts.js"
import { numberPad } from "./number-pad.js"
import { panelHead } from "./panel-head.js"

/** Counts the drawer: to open a session, or to close it. */
export class CashCount extends HTMLElement {
  #drawn = ""

  /** @param {{view: import("../types.js").View, closing: boolean}} drawn */
  set count({ view, closing }) {
    const key = JSON.stringify([closing, view.language])
    if (key === this.#drawn) return
    this.#drawn = key
    const [title, hint, label, button] = closing ? ["close_title", "close_hint", "counted_cash", "close"] : ["open_title", "open_hint", "opening_cash", "open"]
    const pad = numberPad("amount", t(label), view.money)
    const send = () => (closing ? act(this, "/api/v1/session/close", { counted_cash_cents: pad.cents }) : act(this, "/api/v1/session/open", { opening_cash_cents: pad.cents }))
    pad.addEventListener("pad-enter", send)
    const card = h("div", { class: "card" }, closing ? null : h("h2", { class: "big", text: t(title) }), h("p", { class: "quiet", text: t(hint) }), pad)
    card.append(h("div", { class: "card-buttons" }, h("button", { type: "button", class: "button primary tall", "data-key": "send", onclick: send }, t(button))))
    redraw(this, closing && panelHead(this, t(title)), card)
  }
}

customElements.define("cash-count", CashCount)

describePanel({
  name: "session",
  elements: ["z-report", "cash-count"],
  title: "open_title",
  draw: (element, _, view) => (element.localName === "z-report" ? (element.view = view) : (element.count = { view, closing: false })),
})

describePanel({
  name: "close",
  elements: ["cash-count"],
  title: "close_title",
  draw: (element, _, view) => (element.count = { view, closing: true }),
})
