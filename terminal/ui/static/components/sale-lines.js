// @ts-check
import { h, show } from "../dom.js"
import { t } from "../texts.js"

/** Lists the lines of the open sale and reports which one was tapped; the newest is marked and in view. */
export class SaleLines extends HTMLElement {
  /** @type {Map<string, {item: HTMLElement, key: string}>} */
  #rows = new Map()
  #list = h("ol", { class: "lines" })
  #empty = h("div", { class: "lines-empty" })
  #newest = ""

  connectedCallback() {
    this.replaceChildren(this.#list, this.#empty)
    new ResizeObserver(() => this.#intoView(this.#newest)).observe(this) // a notice takes room under it
  }

  /** @param {{sale: import("../types.js").SaleView | null, chosen: string | undefined}} drawn */
  set lines({ sale, chosen }) {
    const lines = sale?.lines ?? []
    this.#list.setAttribute("aria-label", t("lines"))
    this.#list.hidden = lines.length === 0
    this.#empty.hidden = lines.length > 0
    if (!lines.length) this.#drawEmpty()
    const rows = lines.map((line) => this.#row(line, line.id === chosen))
    this.#keep(lines, rows)
    this.#showNewest(lines.find((line) => line.newest)?.id ?? "")
  }

  /** @returns {HTMLButtonElement[]} */
  get buttons() {
    return [...this.#list.querySelectorAll("button")]
  }

  #drawEmpty() {
    const title = h("p", { class: "lines-empty-title", text: t("empty_title") })
    this.#empty.replaceChildren(h("span", { class: "bars", "aria-hidden": "true" }), title)
    this.#empty.append(h("p", { text: t("empty_hint") }))
  }

  /** @param {import("../types.js").LineView} line @param {boolean} chosen */
  #row(line, chosen) {
    const key = JSON.stringify([line, chosen])
    const known = this.#rows.get(line.id)
    if (known?.key === key) return known.item
    const item = known?.item ?? h("li")
    const focused = item.contains(document.activeElement)
    item.replaceChildren(this.#button(line, chosen))
    if (focused) /** @type {HTMLElement} */ (item.firstElementChild).focus({ preventScroll: true })
    this.#rows.set(line.id, { item, key })
    return item
  }

  /** @param {import("../types.js").LineView} line @param {boolean} chosen */
  #button(line, chosen) {
    const flags = line.flags.map(({ code, text }) => h("span", { class: "flag", "data-flag": code, text }))
    const amount = `${line.quantity}${line.unit ? ` ${line.unit}` : ""} × ${line.unit_price}`
    return h(
      "button",
      {
        type: "button",
        class: "line",
        "data-line": line.id,
        "data-newest": line.newest,
        "aria-current": line.newest ? "true" : null,
        "aria-expanded": String(chosen),
        onclick: () => show(this, { name: "line", line: line.id }),
      },
      h("span", { class: "line-what", text: line.description }),
      h("span", { class: "line-total", text: line.total }),
      h("span", { class: "line-how" }, amount, ...flags),
    )
  }

  /** @param {import("../types.js").LineView[]} lines @param {HTMLElement[]} rows */
  #keep(lines, rows) {
    rows.forEach((row, place) => {
      if (this.#list.children[place] !== row) this.#list.insertBefore(row, this.#list.children[place] ?? null)
    })
    while (this.#list.children.length > rows.length) this.#list.lastElementChild?.remove()
    const here = new Set(lines.map((line) => line.id))
    for (const id of this.#rows.keys()) if (!here.has(id)) this.#rows.delete(id)
  }

  /** @param {string} newest */
  #showNewest(newest) {
    if (newest !== this.#newest) this.#intoView(newest)
    this.#newest = newest
  }

  /** @param {string} line */
  #intoView(line) {
    this.#rows.get(line)?.item.scrollIntoView({ block: "nearest" })
  }
}

customElements.define("sale-lines", SaleLines)
