// @ts-check
/** Which panel stands in the right half, or fills the screen. The view's screen rules; a tap chooses within it. */

import { t } from "./texts.js"

/** @typedef {import("./types.js").View} View */
/** @typedef {import("./types.js").Panel} Panel */

const AT_HOME = /** @type {Panel} */ ({ name: "search" })
const FILLS = new Set(["sign_on", "session", "done"])

export class Panels {
  /** @type {Panel} */
  panel = AT_HOME
  #shown = ""
  #screen = ""

  /** @param {HTMLElement} host @param {(path: string) => Promise<any>} read */
  constructor(host, read) {
    this.host = host
    this.read = read
  }

  /** @returns {string} the name of what is shown */
  get name() {
    return this.#shown.split(":")[0] ?? ""
  }

  /** @returns {any} the number pad on screen, if there is one */
  get pad() {
    return this.host.querySelector("number-pad")
  }

  /** @returns {HTMLInputElement | null} */
  get searchInput() {
    return /** @type {any} */ (this.host.querySelector("item-search"))?.input ?? null
  }

  /** @param {Panel} panel */
  show(panel) {
    this.panel = panel
    if (panel.name === "receipt") this.panel = { ...panel, receipt: undefined }
  }

  /** @param {View} view */
  draw(view) {
    if (view.screen !== this.#screen) this.#leave(view)
    const panel = this.#current(view)
    const key = [panel.name, panel.line, panel.item?.id, panel.notice?.id, panel.receipt === undefined, view.language].join(":")
    const changed = key !== this.#shown
    this.#shown = key
    if (changed) this.host.replaceChildren(...this.#make(panel, view))
    for (const element of this.host.children) this.#fill(/** @type {any} */ (element), panel, view)
    if (changed) this.#focus()
  }

  /** @param {string} path what was refused */
  refused(path) {
    if (path.endsWith("/sign-on")) /** @type {any} */ (this.host.querySelector("sign-on"))?.again()
  }

  /** @param {string} name @param {View} view @returns {boolean} */
  shortcut(name, view) {
    if (name === "back") return this.#back()
    if (view.screen === "sign_on") return false
    if (name === "help") this.show({ name: "keys" })
    else if (name === "menu") this.show({ name: "menu" })
    else if (view.screen === "session" || view.screen === "done") return false
    else if (name === "pay" || name === "card") return this.#pay(name, view)
    else if (name === "receipt") this.show({ name: "receipt" })
    else if (name === "search") {
      this.show(AT_HOME)
      this.draw(view)
      this.searchInput?.focus()
    } else return false
    return true
  }

  /** @param {string} name @param {View} view */
  #pay(name, view) {
    const paying = /** @type {any} */ (this.host.querySelector("pay-panel"))
    if (paying) return paying.exactly(name === "card" ? "card" : "cash")
    if (name === "pay" && view.sale?.can_pay) this.show({ name: "pay" })
    return name === "pay"
  }

  #back() {
    const people = /** @type {any} */ (this.host.querySelector("sign-on"))
    if (people) return people.back()
    if (this.panel.name === "search") return false
    this.show(AT_HOME)
    return true
  }

  /** @param {View} view */
  #leave(view) {
    const fromPaying = this.#screen === "paying" && view.screen === "selling" && view.sale
    this.panel = fromPaying && this.panel.name === "pay" ? this.panel : AT_HOME
    this.#screen = view.screen
  }

  /** @param {View} view @returns {Panel} */
  #current(view) {
    const asking = ["menu", "keys"].includes(this.panel.name)
    if (view.screen === "paying") return { name: "pay" }
    if (FILLS.has(view.screen)) return asking && view.screen !== "done" ? this.panel : { name: view.screen }
    const notice = view.notices.find(({ kind }) => kind !== "alarm")
    if (notice && this.panel.name !== "price") return { name: notice.kind === "price" ? "price" : "choice", notice }
    if (this.panel.name === "line" && !view.sale?.lines.some(({ id }) => id === this.panel.line)) this.panel = AT_HOME
    if (["pay", "void"].includes(this.panel.name) && !view.sale?.can_pay) this.panel = AT_HOME
    return this.panel
  }

  /** @param {Panel} panel @param {View} view @returns {HTMLElement[]} */
  #make(panel, view) {
    const tags = /** @type {Record<string, string[]>} */ ({
      sign_on: ["sign-on"],
      session: ["z-report", "cash-count"],
      done: ["done-screen"],
      search: ["item-search"],
      pay: ["pay-panel"],
      line: ["line-actions"],
      menu: ["till-menu"],
      keys: ["key-list"],
      close: ["cash-count"],
      void: ["void-ask"],
      price: ["price-ask"],
      choice: ["item-choice"],
      receipt: ["last-receipt"],
    })
    const elements = (tags[panel.name] ?? []).map((tag) => /** @type {any} */ (document.createElement(tag)))
    this.#fillOnce(elements[0], panel, view)
    return elements
  }

  /** What is drawn once, when it comes up: it must not change under the finger. @param {any} element @param {Panel} panel @param {View} view */
  #fillOnce(element, panel, view) {
    const line = view.sale?.lines.find(({ id }) => id === panel.line)
    if (panel.name === "line") element.line = { line, money: view.money }
    if (panel.name === "void") element.sale = view.sale
    if (panel.name === "choice") element.notice = panel.notice
    if (panel.name === "search") element.find = (/** @type {string} */ words) => this.read(`/api/v1/search?q=${encodeURIComponent(words)}`)
    if (panel.name === "price") {
      const title = panel.notice?.text ?? panel.item?.name ?? ""
      element.asked = { title, item: panel.notice?.item ?? panel.item?.id, money: view.money, notice: panel.notice?.id ?? null }
    }
    if (panel.name === "receipt" && panel.receipt === undefined) void this.#readReceipt(view)
    else if (panel.name === "receipt") element.receipt = { receipt: panel.receipt, copy: copyWords(view, panel.receipt) }
  }

  /** @param {any} element @param {Panel} panel @param {View} view */
  #fill(element, panel, view) {
    if (element.localName === "cash-count") element.count = { view, closing: panel.name === "close" }
    else if (["sign-on", "z-report", "done-screen", "pay-panel", "till-menu"].includes(element.localName)) element.view = view
  }

  /** @param {View} view */
  async #readReceipt(view) {
    const receipt = await this.read("/api/v1/receipts/last").catch(() => null)
    if (this.panel.name !== "receipt") return
    this.panel = { name: "receipt", receipt }
    this.draw(view)
  }

  #focus() {
    const title = /** @type {HTMLElement | null} */ (this.host.querySelector("h2[tabindex], h1[tabindex]"))
    const target = title ?? (document.activeElement === document.body ? document.getElementById("work") : null)
    target?.focus({ preventScroll: true })
  }
}

/** @param {View} view @param {import("./types.js").ReceiptView | null | undefined} receipt */
function copyWords(view, receipt) {
  const print = view.prints.find(({ id }) => id === receipt?.print)
  return print?.actions.find(({ name }) => name === "again")?.text ?? t("copy")
}
