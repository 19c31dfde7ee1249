// @ts-check
import { h } from "../dom.js"
import { t } from "../texts.js"

/** The one layer above the page: a question that must be answered first. The browser keeps the focus in it and gives it back. */
export class ModalLayer extends HTMLElement {
  #dialog = /** @type {HTMLDialogElement} */ (h("dialog", { class: "layer", "aria-labelledby": "layer-title" }))
  #away = h("p", { class: "layer-away", role: "alert" })
  #host = h("div")
  /** @type {((answer: any) => void) | null} */
  #answered = null

  connectedCallback() {
    this.#dialog.append(this.#away, this.#host)
    this.#dialog.addEventListener("cancel", (event) => (event.preventDefault(), this.back()))
    this.addEventListener("layer-answer", (event) => this.#answer(/** @type {CustomEvent} */ (event).detail))
    this.replaceChildren(this.#dialog)
  }

  /** @returns {any} the number pad in it, if there is one */
  get pad() {
    return this.#dialog.querySelector("number-pad")
  }

  get isOpen() {
    return this.#dialog.open
  }

  /** @param {import("../link.js").LinkState} link */
  set link({ connected, overdue }) {
    this.#away.textContent = overdue ? t("away_pending") : connected ? "" : t("away")
  }

  /** Show a question. @param {HTMLElement} question */
  open(question) {
    this.#host.replaceChildren(question)
    if (!this.#dialog.open) this.#dialog.showModal()
    question.querySelector("h2")?.focus()
  }

  /** Wait for the answer; null when it is given up. @returns {Promise<any>} */
  answer() {
    return new Promise((resolve) => (this.#answered = resolve))
  }

  close() {
    this.#dialog.close()
    this.#host.replaceChildren()
  }

  /** One step back: within the question, or out of it. @returns {boolean} */
  back() {
    if (!this.isOpen) return false
    const question = /** @type {any} */ (this.#host.firstElementChild)
    if (!question?.back?.()) this.#answer(null)
    return true
  }

  /** @param {any} answer */
  #answer(answer) {
    this.#answered?.(answer)
    this.#answered = null
  }
}

/** @param {HTMLElement} host @param {any} detail what the question is answered with, null to give up */
export function answerLayer(host, detail) {
  host.dispatchEvent(new CustomEvent("layer-answer", { bubbles: true, detail }))
}

customElements.define("modal-layer", ModalLayer)
