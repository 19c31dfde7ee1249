// @ts-check
import { describePanel, sameTender } from "../panel-kinds.js"
import { h, redraw } from "../dom.js"
import { t } from "../texts.js"
import { answerLayer } from "./modal-layer.js"
import { numberPad } from "./number-pad.js"
import { people } from "./people.js"
import { pinWait } from "./pin-wait.js"

/** @typedef {{what: string, why: string, who: import("../types.js").Person[], money: import("../types.js").MoneyFormat}} Asked */

/** Somebody who may approves what the operator may not do alone: who, then their PIN. */
export class ApprovalAsk extends HTMLElement {
  /** @type {Asked | null} */
  #asked = null
  #chosen = ""
  #fault = h("p", { class: "layer-fault", role: "alert" })

  /** @param {Asked} asked */
  set asked(asked) {
    this.#asked = asked
    this.#chosen = asked.who.length === 1 ? (asked.who[0]?.id ?? "") : ""
    this.#draw()
  }

  /** Say why the last answer was none, and let it be given again. @param {string} text */
  set fault(text) {
    this.#fault.textContent = text
    const pad = /** @type {import("./number-pad.js").NumberPad | null} */ (this.querySelector("number-pad"))
    const wait = /** @type {import("./pin-wait.js").PinWait | null} */ (this.querySelector("pin-wait"))
    pad?.clear()
    if (wait) wait.checking = false
  }

  /** Let somebody else be chosen. @returns {boolean} */
  back() {
    if (!this.#chosen || this.#asked?.who.length === 1) return false
    this.#choose("")
    return true
  }

  #draw() {
    const { what, why, who } = /** @type {Asked} */ (this.#asked)
    const person = who.find(({ id }) => id === this.#chosen)
    const head = h("h2", { tabindex: "-1", text: what ? `${t("approve_title")} · ${what}` : t("approve_title") })
    redraw(this, head, h("p", { class: "quiet", text: why }), this.#fault, ...(person ? this.#pin(person) : this.#names(who)))
  }

  /** @param {import("../types.js").Person[]} who */
  #names(who) {
    const cancel = h("button", { type: "button", class: "button tall", "data-key": "cancel", onclick: () => answerLayer(this, null) }, t("cancel"))
    return [who.length ? people(who, (id) => this.#choose(id)) : h("p", { text: t("approve_nobody") }), cancel]
  }

  /** @param {import("../types.js").Person} person */
  #pin(person) {
    const pad = numberPad("pin", t("pin_of", { name: person.name }), /** @type {Asked} */ (this.#asked).money)
    const wait = pinWait(person.id)
    const send = () => {
      if (!pad.typed) return
      answerLayer(this, { operator: person.id, pin: pad.typed })
      wait.checking = true
    }
    const enter = /** @type {HTMLButtonElement} */ (h("button", { type: "button", class: "button primary tall", "data-key": "approve", disabled: true, onclick: send }, t("approve")))
    pad.addEventListener("pad-enter", send)
    pad.addEventListener("pad-change", () => (enter.disabled = !pad.typed))
    const back = h("button", { type: "button", class: "button tall", "data-key": "cancel", onclick: () => this.back() || answerLayer(this, null) }, t("cancel"))
    return [pad, wait, h("div", { class: "card-buttons" }, back, enter)]
  }

  /** @param {string} id */
  #choose(id) {
    this.#chosen = id
    this.#fault.textContent = ""
    this.#draw()
    this.querySelector("h2")?.focus()
  }
}

customElements.define("approval-ask", ApprovalAsk)

describePanel({
  name: "approval",
  elements: ["approval-ask"],
  title: "approve_title",
  stands: sameTender,
  once: (element, { asked }) => (element.asked = asked),
})
