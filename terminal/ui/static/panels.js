// @ts-check
/** Which panel stands in the right half, or fills the screen. The view's screen rules; taps put panels on a stack within it. */

import { placeOf } from "./dom.js"
import { noticedBy, openedBy, panelKind } from "./panel-kinds.js"
import { t } from "./texts.js"

/** @typedef {import("./types.js").View} View */
/** @typedef {import("./types.js").Panel} Panel */

const AT_HOME = /** @type {Panel} */ ({ name: "search" })
const FILLS = new Set(["sign_on", "session", "done"])

export class Panels {
  /** What was opened over what, and where the focus was then. @type {{panel: Panel, from: string}[]} */
  #stack = []
  #shown = ""
  #screen = ""
  #from = ""
  /** @type {View | null} */
  #view = null

  /** @param {HTMLElement} host @param {(path: string) => Promise<any>} read */
  constructor(host, read) {
    this.host = host
    this.ways = {
      read,
      search: (/** @type {string} */ words) => read(`/api/v1/search?q=${encodeURIComponent(words)}`),
      fill: (/** @type {Panel} */ panel) => this.#fillIn(panel),
    }
  }

  /** @returns {Panel} what was asked for last */
  get panel() {
    return this.#stack.at(-1)?.panel ?? AT_HOME
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
    if (panel.name === AT_HOME.name) return this.#cut(0)
    const place = this.#stack.findIndex(({ panel: { name } }) => name === panel.name)
    const from = this.#stack[place]?.from ?? placeOf(document.activeElement)
    if (place >= 0) this.#cut(place)
    this.#stack.push({ panel, from })
    this.#from = ""
  }

  /** @param {View} view */
  draw(view) {
    this.#view = view
    if (view.screen !== this.#screen) this.#leave(view)
    const panel = this.#current(view)
    const kind = panelKind(panel.name)
    const key = [panel.name, panel.line, panel.item?.id, panel.notice?.id, panel.receipt === undefined, view.language].join(":")
    const changed = key !== this.#shown
    this.#shown = key
    if (changed) this.#make(kind, panel, view)
    for (const element of this.host.children) kind.draw?.(element, panel, view)
    if (changed) this.#focus(kind.focus)
  }

  /** @param {string} path what was refused @param {Record<string, unknown>} body */
  refused(path, body) {
    if (path.endsWith("/sign-on")) /** @type {any} */ (this.host.querySelector("sign-on"))?.again(body.operator)
  }

  /** @param {string} name @param {View} view @returns {boolean} */
  shortcut(name, view) {
    const own = panelKind(this.name).shortcut
    if (own?.(this.host.firstElementChild, name)) return true
    if (name === "back") return this.#back()
    const kind = openedBy(name, view)
    if (kind) this.show({ name: kind.name })
    if (kind?.name !== AT_HOME.name) return Boolean(kind)
    this.draw(view)
    this.searchInput?.focus()
    return true
  }

  #back() {
    if (!this.#stack.length) return false
    this.#cut(this.#stack.length - 1)
    return true
  }

  /** Close what was opened from a place of the stack on; the focus goes back to where it was then. @param {number} place */
  #cut(place) {
    this.#from = this.#stack[place]?.from ?? this.#from
    this.#stack.length = Math.min(place, this.#stack.length)
  }

  /** What was given was taken back, by whomever: it is to be paid otherwise. Else another screen begins with its own panel. @param {View} view */
  #leave(view) {
    const isPaidOtherwise = this.#screen === "paying" && view.screen === "selling" && view.sale
    this.#stack = isPaidOtherwise ? [{ panel: { name: "pay" }, from: "" }] : []
    this.#screen = view.screen
  }

  /** @param {View} view @returns {Panel} */
  #current(view) {
    if (view.screen === "paying") return panelKind(this.panel.name).on.includes("paying") ? this.panel : { name: "pay" }
    if (FILLS.has(view.screen)) return panelKind(this.panel.name).on.includes(view.screen) ? this.panel : { name: view.screen }
    const noticed = noticedBy(view)
    if (noticed && !panelKind(this.panel.name).notices) return noticed // what is answered already comes first
    if (panelKind(this.panel.name).stands?.(this.panel, view) === false) this.#cut(0)
    return this.panel
  }

  /** @param {import("./panel-kinds.js").PanelKind} kind @param {Panel} panel @param {View} view */
  #make(kind, panel, view) {
    const elements = kind.elements.map((tag) => /** @type {any} */ (document.createElement(tag)))
    this.host.replaceChildren(...elements)
    this.host.setAttribute("aria-label", t(kind.title))
    kind.once?.(elements[0], panel, view, this.ways)
  }

  /** Put in what a panel had to wait for, if it is still there. @param {Panel} panel */
  #fillIn(panel) {
    const top = this.#stack.at(-1)
    if (!top || !this.#view || top.panel.name !== panel.name) return
    top.panel = panel
    this.draw(this.#view)
  }

  /** @param {string} selector */
  #focus(selector) {
    const back = this.#from ? /** @type {HTMLElement | null} */ (document.querySelector(this.#from)) : null
    this.#from = ""
    const target = back ?? /** @type {HTMLElement | null} */ (this.host.querySelector(selector))
    const lost = document.activeElement === document.body ? document.getElementById("work") : null
    ;(target ?? lost)?.focus({ preventScroll: true })
  }
}
