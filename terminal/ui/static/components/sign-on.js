// @ts-check
import { describePanel } from "../panel-kinds.js"
import { act, h, redraw } from "../dom.js"
import { t } from "../texts.js"
import { numberPad } from "./number-pad.js"
import { people } from "./people.js"
import { pinWait } from "./pin-wait.js"

/** Who is selling: a name, then the PIN. */
export class SignOn extends HTMLElement {
  #drawn = ""
  #chosen = ""
  /** @type {import("../types.js").View | null} */
  #view = null

  /** @param {import("../types.js").View} view */
  set view(view) {
    const key = JSON.stringify([view.operators, view.language, this.#chosen])
    this.#view = view
    if (key === this.#drawn) return
    this.#drawn = key
    const person = view.operators.find(({ id }) => id === this.#chosen)
    redraw(this, person ? this.#pin(person) : this.#names(view.operators))
  }

  /** Start the PIN again after a wrong one of whoever is typing. @param {unknown} operator */
  again(operator) {
    if (operator !== this.#chosen) return
    const pad = /** @type {import("./number-pad.js").NumberPad | null} */ (this.querySelector("number-pad"))
    const wait = /** @type {import("./pin-wait.js").PinWait | null} */ (this.querySelector("pin-wait"))
    pad?.clear()
    if (wait) wait.checking = false
  }

  /** Let somebody else choose. @returns {boolean} */
  back() {
    if (!this.#chosen) return false
    this.#choose("")
    return true
  }

  /** @param {{id: string, name: string}[]} who */
  #names(who) {
    return h("div", { class: "card" }, h("h2", { class: "big", text: t("who") }), who.length ? people(who, (id) => this.#choose(id)) : h("p", { text: t("no_operators") }))
  }

  /** @param {{id: string, name: string}} person */
  #pin(person) {
    const pad = numberPad("pin", t("pin_of", { name: person.name }), /** @type {import("../types.js").View} */ (this.#view).money)
    const wait = pinWait(person.id)
    const send = () => {
      if (pad.typed && act(this, "/api/v1/sign-on", { operator: person.id, pin: pad.typed })) wait.checking = true
    }
    const enter = /** @type {HTMLButtonElement} */ (h("button", { type: "button", class: "button primary tall", "data-key": "enter", disabled: true, onclick: send }, t("sign_on")))
    pad.addEventListener("pad-enter", send)
    pad.addEventListener("pad-change", () => (enter.disabled = !pad.typed))
    const other = h("button", { type: "button", class: "button", "data-key": "other", onclick: () => this.#choose("") }, t("someone_else"))
    return h("div", { class: "card" }, h("h2", { class: "big", text: person.name }), pad, wait, h("div", { class: "card-buttons" }, other, enter))
  }

  /** @param {string} id */
  #choose(id) {
    this.#chosen = id
    if (this.#view) this.view = this.#view
  }
}

customElements.define("sign-on", SignOn)

describePanel({
  name: "sign_on",
  elements: ["sign-on"],
  title: "who",
  draw: (element, _, view) => (element.view = view),
  shortcut: (element, name) => name === "back" && element.back(),
})
