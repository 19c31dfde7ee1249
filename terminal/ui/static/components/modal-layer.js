// @ts-check
import { calledBy, panelKind } from "../panel-kinds.js"
import { h, placeOf } from "../dom.js"
import { t } from "../texts.js"

/** @typedef {import("../types.js").View} View */
/** @typedef {import("../types.js").Panel} Panel */

/** A question in the layer, as long as it stands. */
class Question {
  focused = ""
  isOver = false
  /** @type {(answer: any) => void} */
  resolve = () => {}

  /** @param {Panel} panel @param {View | null} view */
  constructor(panel, view) {
    this.panel = panel
    this.kind = panelKind(panel.name)
    this.element = /** @type {any} */ (document.createElement(this.kind.elements[0] ?? ""))
    if (view) this.kind.once?.(this.element, panel, view, /** @type {any} */ ({}))
  }

  /** Wait for the answer; null when it is given up, or means nothing any more. @returns {Promise<any>} */
  answer() {
    return this.isOver ? Promise.resolve(null) : new Promise((resolve) => (this.resolve = resolve))
  }

  end() {
    this.isOver = true
    this.resolve(null)
  }
}

/**
 * The one layer above the page: what must be answered first. At the bottom is what the view itself asks, and stands as long as it does;
 * over it what this page was asked, one over the other. The focus stays in it, and is given back.
 */
export class ModalLayer extends HTMLElement {
  #dialog = /** @type {HTMLDialogElement} */ (h("dialog", { class: "layer" }))
  #away = h("p", { class: "layer-away", role: "alert" })
  #attention = /** @type {any} */ (h("attention-list", { class: "layer-attention" }))
  #host = h("div", { class: "layer-question" })
  /** @type {Question | null} */
  #called = null
  /** @type {Question[]} */
  #asked = []
  /** @type {View | null} */
  #view = null
  #fault = ""
  #from = ""

  connectedCallback() {
    this.#dialog.append(this.#away, this.#host, this.#attention)
    this.#dialog.addEventListener("cancel", (event) => (event.preventDefault(), this.#back()))
    this.#dialog.addEventListener("close", () => this.#top && !this.#dialog.open && this.#dialog.showModal()) // browsers may close it unasked
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

  /** @param {{view: View, fault: string}} drawn */
  draw({ view, fault }) {
    this.#view = view
    this.#fault = fault
    this.#call(view)
    for (const question of this.#asked) if (question.kind.stands?.(question.panel, view) === false) question.end()
    this.#asked = this.#asked.filter(({ isOver }) => !isOver)
    for (const { kind, element, panel } of this.#all) kind.draw?.(element, panel, view)
    this.#show()
  }

  /** Ask something, over whatever is asked already. @param {Panel} panel @returns {Question} */
  ask(panel) {
    const question = new Question(panel, this.#view)
    this.#asked.push(question)
    this.#show()
    return question
  }

  /** @param {Question} question */
  close(question) {
    this.#asked = this.#asked.filter((one) => one !== question)
    this.#show()
  }

  /** @param {string} name @returns {boolean} whether the key meant something here: Escape always does */
  shortcut(name) {
    const top = this.#top
    if (top?.kind.shortcut?.(top.element, name)) return true
    if (name === "back") this.#back()
    return name === "back"
  }

  get #top() {
    return this.#asked.at(-1) ?? this.#called
  }

  get #all() {
    return this.#called ? [this.#called, ...this.#asked] : this.#asked
  }

  /** @param {View} view */
  #call(view) {
    const panel = calledBy(view)
    const isSame = panel && this.#called?.panel.name === panel.name && this.#called.panel.tender?.id === panel.tender?.id
    if (isSame && this.#called) this.#called.panel = panel
    else this.#called = panel ? new Question(panel, view) : null
  }

  /** One step back: within the question, or out of it. What the view asks stays: leaving it would decide nothing. */
  #back() {
    const question = this.#top
    if (question && !question.element.back?.() && question !== this.#called) question.resolve(null)
  }

  /** @param {any} answer */
  #answer(answer) {
    this.#asked.at(-1)?.resolve(answer)
  }

  #show() {
    const top = this.#top
    this.#tell(Boolean(top))
    if (!top) return this.#leave()
    if (!this.#dialog.open) this.#from = placeOf(document.activeElement)
    const shown = this.#host.firstElementChild
    if (shown !== top.element) {
      const under = this.#all.find(({ element }) => element === shown)
      if (under) under.focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.key ?? ""
      this.#host.replaceChildren(top.element)
    }
    this.#dialog.setAttribute("aria-label", t(top.kind.title))
    if (!this.#dialog.open) this.#dialog.showModal()
    if (shown !== top.element) this.#focus(top)
  }

  /** Say here what is said under the layer, where nobody sees it: what came of scans, and what was refused. @param {boolean} isOpen */
  #tell(isOpen) {
    const notices = isOpen && this.#view ? this.#view.notices.filter(({ of_scan }) => of_scan) : []
    if (this.#view) this.#attention.items = { view: { ...this.#view, prints: [], clock: {}, notices }, fault: isOpen ? this.#fault : "" }
  }

  /** @param {Question} question */
  #focus({ element, focused, kind }) {
    const back = focused ? element.querySelector(`[data-key="${CSS.escape(focused)}"]`) : null
    ;(back ?? element.querySelector(kind.focus))?.focus()
  }

  /** Give the focus back to what had it, once everything is drawn. */
  #leave() {
    if (!this.#dialog.open) return
    this.#dialog.close()
    this.#host.replaceChildren()
    queueMicrotask(() => {
      if (this.#dialog.open || document.activeElement !== document.body) return
      const had = this.#from ? /** @type {HTMLElement | null} */ (document.querySelector(this.#from)) : null
      ;(had ?? /** @type {HTMLElement | null} */ (document.querySelector("#panel h2[tabindex], #work")))?.focus({ preventScroll: true })
    })
  }
}

/** @param {HTMLElement} host @param {any} detail what the question is answered with, null to give up */
export function answerLayer(host, detail) {
  host.dispatchEvent(new CustomEvent("layer-answer", { bubbles: true, detail }))
}

customElements.define("modal-layer", ModalLayer)
