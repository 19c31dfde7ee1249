// @ts-check
import { describePanel } from "../panel-kinds.js"
import { act, h, redraw } from "../dom.js"
import { t } from "../texts.js"
import { actOn } from "./card-progress.js"
import { numberPad } from "./number-pad.js"
import { panelHead } from "./panel-head.js"

/** Takes the money: what is due in large figures, notes that make sense, other means, what was given so far. */
export class PayPanel extends HTMLElement {
  #drawn = ""
  #hasAwaited = false
  /** @type {import("./number-pad.js").NumberPad | null} */
  #pad = null
  /** @type {import("../types.js").View | null} */
  #view = null

  /** @param {import("../types.js").View} view */
  set view(view) {
    const sale = view.sale
    const key = JSON.stringify([sale?.id, sale?.remaining, sale?.tenders, view.tender_types, view.language])
    this.#view = view
    if (key === this.#drawn || !sale) return
    this.#drawn = key
    this.#pad = this.#cash() && sale.remaining_cents !== 0 ? this.#makePad(view) : null
    const paid = sale.tenders.length > 0
    this.#hasAwaited = sale.tenders.some(({ card }) => card)
    redraw(
      this,
      paid ? h("header", { class: "panel-head" }, h("div", { class: "panel-title" }, h("h2", { tabindex: "-1", text: t("paying") }))) : panelHead(this, t("paying")),
      this.#due(sale),
      this.#pad ? h("div", { class: "panel-body split" }, this.#means(view, sale), this.#typed()) : h("div", { class: "panel-body" }, this.#means(view, sale)),
    )
  }

  /** Pay the rest exactly in cash. @returns {boolean} */
  exactly() {
    const type = this.#cash()
    if (type) this.#give(type.code)
    return Boolean(type)
  }

  /** Pay by card what was typed, or the rest. A reader that can be asked is: no key says of money that it was taken. @returns {boolean} */
  byCard() {
    const cards = (this.#view?.tender_types ?? []).filter(({ kind }) => kind === "card")
    const type = cards.find(({ by_reader }) => by_reader) ?? cards[0]
    if (type) this.#give(type.code, this.#typedCents())
    return Boolean(type)
  }

  #cash() {
    return this.#view?.tender_types.find(({ kind }) => kind === "cash")
  }

  /** @param {import("../types.js").SaleView} sale */
  #due(sale) {
    const label = sale.outstanding_cents < 0 ? t("pay_back") : sale.tenders.length ? t("remaining") : t("due")
    const given = sale.tenders.map((tender) => h("li", {}, tender.card ? awaited(tender) : this.#tender(tender)))
    return h(
      "div",
      { class: "pay-due" },
      h("p", { class: "pay-figure" }, h("span", { text: label }), h("strong", { text: sale.outstanding })),
      given.length ? h("div", { class: "pay-given" }, h("span", { text: `${t("given")} ${sale.given}` }), h("ul", {}, ...given)) : null,
      sale.rounding ? h("p", { class: "quiet", text: `${t("rounding")} ${sale.rounding}` }) : null,
    )
  }

  /** @param {import("../types.js").OpenTenderView} tender */
  #tender(tender) {
    const { id, name, amount, text, actions } = tender
    const label = [t("take_back", { name, amount }), text].filter(Boolean).join(", ")
    const onclick = () => actions.forEach((action) => actOn(this, tender, action))
    return h(
      "button",
      { type: "button", class: "button given", "data-key": `take-${id}`, "aria-label": label, onclick },
      `${name} ${amount} `,
      text ? h("span", { class: "given-state", text }) : null,
      h("span", { "aria-hidden": "true", text: "✕" }),
    )
  }

  /** @param {import("../types.js").View} view @param {import("../types.js").SaleView} sale */
  #means(view, sale) {
    if (sale.remaining_cents === 0) return this.#hasAwaited ? h("p", { class: "quiet", text: t("awaited") }) : this.#complete(sale)
    const cash = this.#cash()
    const others = view.tender_types.filter((type) => type !== cash)
    const byHand = others.findLast(({ kind, by_reader }) => kind === "card" && !by_reader) // what is said under it is said of no other
    if (!view.tender_types.length) return h("p", { class: "quiet", text: t("no_tenders") })
    return h(
      "div",
      { class: "pay-means" },
      cash ? h("div", { class: "pay-notes", role: "group", "aria-label": cash.name }, ...sale.quick_cash.map((note) => this.#note(cash, note))) : null,
      ...others.flatMap((type) => [this.#other(type, sale), type === byHand ? h("p", { class: "quiet", text: t("card_hint") }) : null]),
    )
  }

  /** @param {import("../types.js").View["tender_types"][number]} type @param {import("../types.js").SaleView} sale */
  #other({ code, name }, sale) {
    const onclick = () => this.#give(code, this.#typedCents())
    return h("button", { type: "button", class: "button tall pay-other", "data-key": `type-${code}`, onclick }, h("span", { text: name }), h("strong", { text: sale.remaining }))
  }

  /** @param {{code: string, name: string}} cash @param {import("../types.js").QuickCash} note */
  #note(cash, { label, amount_cents, exact }) {
    const onclick = () => this.#give(cash.code, exact ? undefined : amount_cents)
    const name = exact ? h("span", { text: `${cash.name} · ${t("exact")}` }) : null
    return h("button", { type: "button", class: exact ? "button primary tall exact" : "button note", "data-key": exact ? "exact" : `note-${amount_cents}`, onclick }, name, h("strong", { text: label }))
  }

  /** @param {import("../types.js").SaleView} sale */
  #complete(sale) {
    const onclick = () => act(this, "/api/v1/sale/complete", { sale: sale.id, shown_due_cents: sale.remaining_cents })
    return h("div", { class: "pay-means" }, h("p", { text: t(sale.tenders.length ? "all_paid" : "nothing_due") }), h("button", { type: "button", class: "button primary tall", "data-key": "complete", onclick }, t("complete")))
  }

  /** @param {import("../types.js").View} view */
  #makePad(view) {
    const pad = numberPad("amount", t("cash_typed"), view.money)
    pad.addEventListener("pad-enter", () => this.#give(this.#cash()?.code ?? "", this.#typedCents()))
    return pad
  }

  #typed() {
    const pad = /** @type {import("./number-pad.js").NumberPad} */ (this.#pad)
    const give = () => this.#give(this.#cash()?.code ?? "", this.#typedCents())
    const button = /** @type {HTMLButtonElement} */ (h("button", { type: "button", class: "button tall", "data-key": "give", disabled: true, onclick: give }, this.#cash()?.name ?? ""))
    pad.addEventListener("pad-change", () => {
      button.disabled = !pad.typed
      button.classList.toggle("primary", pad.typed !== "")
    })
    return h("div", { class: "pay-typed" }, pad, button)
  }

  #typedCents() {
    if (!this.#pad?.typed) return undefined
    return (this.#view?.sale?.remaining_cents ?? 0) < 0 ? -this.#pad.cents : this.#pad.cents
  }

  /** @param {string} type @param {number} [amount_cents] */
  #give(type, amount_cents) {
    const sale = this.#view?.sale
    if (!sale) return
    const amount = amount_cents === undefined ? {} : { amount_cents }
    act(this, "/api/v1/sale/tenders", { sale: sale.id, type, shown_due_cents: sale.remaining_cents, ...amount })
  }
}

/** A tender whose money is not there: it looks like none that is. @param {import("../types.js").OpenTenderView} tender */
function awaited({ name, amount, text }) {
  return h("span", { class: "given awaited" }, `${name} ${amount} `, h("span", { class: "given-state", text }))
}

customElements.define("pay-panel", PayPanel)

describePanel({
  name: "pay",
  elements: ["pay-panel"],
  title: "paying",
  opens: "pay",
  keys: [["F8", "keys_pay"], ["F9", "keys_card"], ["keys_amount_keys", "keys_amount"]],
  stands: (_, { sale }) => Boolean(sale?.can_pay),
  draw: (element, _, view) => (element.view = view),
  shortcut: (element, name) => (name === "pay" && element.exactly()) || (name === "card" && element.byCard()),
})
