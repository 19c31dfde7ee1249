// @ts-check
import { h } from "../dom.js"
import { t } from "../texts.js"

const MOST_DIGITS = { amount: 11, quantity: 9, pin: 12 } // the largest amount that the till takes

/**
 * Keys for an amount, a quantity or a PIN. It puts separators between the digits that are typed and calculates nothing;
 * `enter` is reported as the event `pad-enter`, every change as `pad-change`.
 */
export class NumberPad extends HTMLElement {
  /** @type {"amount" | "quantity" | "pin"} */
  kind = "amount"
  /** @type {import("../types.js").MoneyFormat} */
  format = { decimal: ".", group: "", digits: 2, prefix: "", suffix: "" }
  label = ""
  typed = ""
  #split = -1 // before which digit a separator was typed; without one the last digits are minor units
  #shown = h("output", { class: "pad-shown" })

  connectedCallback() {
    if (this.childElementCount) return
    const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", this.#special(), "0", "Backspace"]
    const pad = h("div", { class: "pad-keys", role: "group", "aria-label": t("pad") }, ...keys.map((key) => this.#key(key)))
    const label = h("span", { class: "pad-label", text: this.label })
    this.replaceChildren(h("div", { class: "pad-display" }, label, this.#shown), pad)
    this.#draw()
  }

  /** The digits as a whole number of minor units. @returns {number} */
  get cents() {
    return Number.parseInt(this.minor || "0", 10)
  }

  /** The digits of an amount down to its minor units: "12,5" is as "12,50". @returns {string} */
  get minor() {
    return this.#split < 0 ? this.typed : this.typed.padEnd(this.#split + this.format.digits, "0")
  }

  /** The quantity as the daemon reads it, with a point. @returns {string} */
  get decimal() {
    return this.typed.replace(/\.$/, "")
  }

  /** @param {string} key */
  press(key) {
    if (key === "Backspace" && this.#split === this.typed.length) this.#split = -1
    else if (key === "Backspace") this.typed = this.typed.slice(0, -1)
    else if (key === "Clear") [this.typed, this.#split] = ["", -1]
    else if (this.kind === "amount" && (key === "." || key === ",")) this.#split = this.#split < 0 ? this.typed.length : this.#split
    else if (this.#split >= 0 && this.typed.length + key.length > this.#split + this.format.digits) return
    else if (this.kind === "quantity" && (key === "." || key === ",")) this.#point()
    else if (this.kind === "quantity" && key === "-") this.typed = this.typed.startsWith("-") ? this.typed.slice(1) : `-${this.typed}`
    else if (/^\d+$/.test(key) && this.typed.length < MOST_DIGITS[this.kind]) this.typed += key
    if (this.kind === "amount" && this.#split < 0) this.typed = this.typed.replace(/^0+/, "")
    this.#draw()
    this.dispatchEvent(new CustomEvent("pad-change", { bubbles: true }))
  }

  clear() {
    this.press("Clear")
  }

  enter() {
    this.dispatchEvent(new CustomEvent("pad-enter", { bubbles: true }))
  }

  #point() {
    if (!this.typed.includes(".")) this.typed = `${this.typed || "0"}.`
  }

  #special() {
    return { amount: "00", quantity: ".", pin: "Clear" }[this.kind]
  }

  /** @param {string} key */
  #key(key) {
    /** @type {Record<string, [string, string]>} */
    const named = { Backspace: ["⌫", t("pad_erase")], Clear: ["C", t("pad_clear")], ".": [this.format.decimal, t("pad_decimal")] }
    const [text, label] = named[key] ?? [key, ""]
    const onclick = () => this.press(key)
    return h("button", { type: "button", class: "pad-key", "data-key": `pad-${key}`, "aria-label": label || null, onclick, text })
  }

  #draw() {
    this.#shown.textContent = { amount: () => this.#money(), quantity: () => this.#quantity(), pin: () => this.#dots() }[this.kind]()
    if (this.kind === "pin") this.#shown.setAttribute("aria-label", t("pin_typed", { count: this.typed.length }))
    this.toggleAttribute("data-typed", this.typed !== "")
  }

  #money() {
    const { decimal, group, digits, prefix, suffix } = this.format
    const padded = this.minor.padStart(digits + 1, "0")
    const whole = padded.slice(0, padded.length - digits).replace(/\B(?=(\d{3})+$)/g, group)
    return `${prefix}${whole}${digits ? decimal + padded.slice(-digits) : ""}${suffix}`
  }

  #quantity() {
    return this.typed.replace(".", this.format.decimal) || "—"
  }

  #dots() {
    return "●".repeat(this.typed.length)
  }
}

customElements.define("number-pad", NumberPad)

/**
 * @param {"amount" | "quantity" | "pin"} kind @param {string} label @param {import("../types.js").MoneyFormat} format
 * @returns {NumberPad}
 */
export function numberPad(kind, label, format) {
  const pad = /** @type {NumberPad} */ (document.createElement("number-pad"))
  Object.assign(pad, { kind, label, format })
  return pad
}
