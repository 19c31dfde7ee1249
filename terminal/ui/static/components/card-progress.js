// @ts-check
import { describePanel } from "../panel-kinds.js"
import { act, h, redraw } from "../dom.js"

/** @typedef {import("../types.js").OpenTenderView} OpenTenderView */

/** @type {Record<string, string>} */
const MARKS = { waiting: "…", asking: "▭", giving_back: "↩", declined: "✕", unknown: "?", giving_back_unknown: "?" }

/** What a card reader does for a tender: the amount, what happens in words, and what the cashier can do. It decides nothing by itself. */
export class CardProgress extends HTMLElement {
  #drawn = ""
  #head = h("h2", { class: "card-title", tabindex: "-1" })
  #amount = h("p", { class: "card-amount" })
  #mark = h("span", { class: "card-mark", "aria-hidden": "true" })
  #text = h("p", { class: "card-text", role: "status" }) // stays the same element, so that its changes are read out
  #hint = h("p", { class: "quiet" })
  #buttons = h("div", { class: "card-buttons" })
  /** @type {OpenTenderView | null} */
  #tender = null

  connectedCallback() {
    if (!this.childElementCount) this.append(this.#head, this.#amount, h("div", { class: "card-step" }, this.#mark, this.#text), this.#hint, this.#buttons)
  }

  /** @param {OpenTenderView} tender */
  set tender(tender) {
    const key = JSON.stringify(tender)
    this.#tender = tender
    if (key === this.#drawn || !tender.card) return
    this.#drawn = key
    const { step, title, text, hint } = tender.card
    this.dataset.step = step
    this.#head.textContent = title
    this.#amount.replaceChildren(h("span", { text: tender.name }), h("strong", { text: tender.amount }))
    this.#mark.textContent = MARKS[step] ?? ""
    if (this.#text.textContent !== text) this.#text.textContent = text
    this.#hint.textContent = hint
    const had = this.#buttons.contains(document.activeElement)
    redraw(this.#buttons, ...tender.actions.map((action) => this.#button(tender, action)))
    if (had && !this.#buttons.contains(document.activeElement)) this.#head.focus()
  }

  /** Ask the reader again, where that can be done. @returns {boolean} */
  again() {
    const retry = this.#tender?.actions.find(({ name }) => name === "retry")
    if (retry && this.#tender) this.#act(this.#tender, retry)
    return Boolean(retry)
  }

  /** @param {OpenTenderView} tender @param {import("../types.js").TenderAction} action */
  #button(tender, action) {
    const first = action.name === "retry" ? " primary" : ""
    return h("button", { type: "button", class: `button tall${first}`, "data-key": action.name, "data-act": action.text, onclick: () => this.#act(tender, action), text: action.text })
  }

  /** @param {OpenTenderView} tender @param {import("../types.js").TenderAction} action */
  #act(tender, action) {
    actOn(this, tender, action)
  }
}

/** @param {HTMLElement} host @param {OpenTenderView} tender @param {import("../types.js").TenderAction} action */
export function actOn(host, tender, { name, sure }) {
  const isDecision = name === "confirm" || name === "deny"
  const body = isDecision ? { approved: name === "confirm" } : {}
  act(host, `/api/v1/sale/tenders/${tender.id}/${isDecision ? "decide" : name}`, body, undefined, sure && { ...sure, tender })
}

customElements.define("card-progress", CardProgress)

describePanel({
  name: "card",
  elements: ["card-progress"],
  title: "card_title",
  keys: [["F9", "keys_card_again"]],
  calls: ({ sale }) => {
    const tender = sale?.tenders.find(({ card }) => card)
    return tender && { name: "card", tender }
  },
  draw: (element, { tender }) => (element.tender = tender),
  shortcut: (element, name) => name === "card" && element.again(),
})
