// @ts-check
import { h } from "../dom.js"
import { secondsLeft } from "../pin-waits.js"
import { t } from "../texts.js"

const LOOK_MS = 250

/** Says under a PIN that it is being checked, or how long it waits because of wrong ones, and counts down. */
export class PinWait extends HTMLElement {
  operator = ""
  #isChecking = false
  #timer = 0
  #shown = h("p", { class: "pin-wait", "aria-hidden": "true" })
  #said = h("p", { class: "unseen", role: "status" }) // once: nobody wants to hear a countdown

  connectedCallback() {
    if (!this.childElementCount) this.replaceChildren(this.#shown, this.#said)
    this.#timer = window.setInterval(() => this.#draw(), LOOK_MS)
    this.#draw()
  }

  disconnectedCallback() {
    clearInterval(this.#timer)
  }

  /** @param {boolean} checking whether a PIN was sent that has no answer yet */
  set checking(checking) {
    this.#isChecking = checking
    this.#draw()
  }

  #draw() {
    const seconds = secondsLeft(this.operator)
    const name = seconds ? "pin_waits" : this.#isChecking ? "pin_checking" : ""
    const words = name && t(name, { count: seconds })
    if (this.#shown.textContent !== words) this.#shown.textContent = words
    if (this.#said.dataset.name !== name) this.#said.textContent = words
    this.#said.dataset.name = name
  }
}

customElements.define("pin-wait", PinWait)

/** @param {string} operator @returns {PinWait} */
export function pinWait(operator) {
  const wait = /** @type {PinWait} */ (document.createElement("pin-wait"))
  wait.operator = operator
  return wait
}
