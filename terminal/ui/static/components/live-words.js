// @ts-check
import { h } from "../dom.js"
import { t } from "../texts.js"

/** Says aloud, to those who listen to the screen, what the others see change. */
export class LiveWords extends HTMLElement {
  #polite = h("p", { role: "status", "aria-live": "polite" })
  #urgent = h("p", { role: "alert" })
  /** @type {import("../types.js").View | null} */
  #before = null

  connectedCallback() {
    this.replaceChildren(this.#polite, this.#urgent)
  }

  /** @param {string} text */
  alarm(text) {
    this.#urgent.textContent = text
  }

  /** @param {import("../types.js").View} view */
  set view(view) {
    const before = this.#before
    this.#before = view
    if (!before) return
    const newest = view.sale?.lines.find((line) => line.newest)
    const known = before.sale?.lines.find((line) => line.newest)
    if (view.done && view.done.document !== before.done?.document) this.#polite.textContent = `${t(view.done.change_cents ? "change" : "no_change")} ${view.done.change_cents ? view.done.change : view.done.total}`
    else if (newest && (newest.id !== known?.id || newest.quantity !== known.quantity)) this.#polite.textContent = `${newest.description} ${newest.total}. ${t("total")} ${view.sale?.total}`
    else if (view.sale?.total !== before.sale?.total && view.sale) this.#polite.textContent = `${t("total")} ${view.sale.total}`
  }
}

customElements.define("live-words", LiveWords)
