// @ts-check
import { describePanel } from "../panel-kinds.js"
import { act, h, redraw, show } from "../dom.js"
import { t } from "../texts.js"

const WAIT_MS = 60

/** Finds items by words or code while one types; Enter adds a code as it stands, or the first item found. */
export class ItemSearch extends HTMLElement {
  /** @type {(words: string) => Promise<{items: import("../types.js").ItemView[]} | null>} */
  find = async () => null
  /** @type {import("../types.js").ItemView[]} */
  #found = []
  #asked = 0
  #input = /** @type {HTMLInputElement} */ (h("input", { class: "search-input", type: "search", autocomplete: "off", autocapitalize: "off", spellcheck: "false", enterkeyhint: "done" }))
  #results = h("div", { class: "search-results" })

  connectedCallback() {
    if (this.childElementCount) return
    this.#input.placeholder = t("search")
    this.#input.setAttribute("aria-label", t("search"))
    this.#input.addEventListener("input", () => void this.#search())
    const form = h("form", { class: "search", role: "search", onsubmit: (/** @type {Event} */ event) => this.#submit(event) }, this.#input)
    form.append(h("button", { class: "button", "data-key": "add" }, t("add_code")))
    this.replaceChildren(form, this.#results)
    this.#draw()
  }

  /** @returns {HTMLInputElement} */
  get input() {
    return this.#input
  }

  clear() {
    this.#input.value = ""
    this.#found = []
    this.#asked += 1
    this.#draw()
  }

  async #search() {
    const asked = ++this.#asked
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS))
    if (asked !== this.#asked) return
    const words = this.#input.value.trim()
    const answer = words ? await this.find(words) : null
    if (asked !== this.#asked) return
    this.#found = answer?.items ?? []
    this.#draw()
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault()
    const text = this.#input.value.trim()
    const named = this.#found.find((item) => item.sku.toLowerCase() === text.toLowerCase())
    const first = this.#found[0]
    const looksLikeCode = /^[^\s]*\d[^\s]*$/.test(text) && text.length > 2
    if (named) this.#choose(named)
    else if (first && !looksLikeCode) this.#choose(first)
    else if (text && act(this, "/api/v1/sale/codes", { code: text })) this.clear()
  }

  /** @param {import("../types.js").ItemView} item */
  #choose(item) {
    if (item.price === null) show(this, { name: "price", item })
    else if (act(this, "/api/v1/sale/items", { item: item.id })) this.clear()
  }

  #draw() {
    const words = this.#input.value.trim()
    if (this.#found.length) redraw(this.#results, this.#list())
    else if (words) redraw(this.#results, h("p", { class: "quiet", role: "status", text: t("nothing_found", { words }) }))
    else redraw(this.#results, guide())
  }

  #list() {
    const rows = this.#found.map((item) => h("li", {}, this.#item(item)))
    return h("ul", { class: "items", "aria-label": t("results") }, ...rows)
  }

  /** @param {import("../types.js").ItemView} item */
  #item(item) {
    return h(
      "button",
      { type: "button", class: "item", "data-key": item.id, onclick: () => this.#choose(item) },
      h("span", { class: "item-name", text: item.name }),
      h("span", { class: "item-sku", text: item.sku }),
      h("span", { class: "item-price", text: item.price ?? t("no_price") }),
    )
  }
}

/** What the next step can be, while nothing is searched. */
function guide() {
  const rows = [
    ["▥", t("guide_scan")],
    ["⌕", t("guide_type")],
    ["☰", t("guide_line")],
    ["?", t("guide_keys")],
  ]
  const list = rows.map(([mark, text]) => h("li", {}, h("span", { class: "guide-mark", "aria-hidden": "true", text: mark }), h("span", { text })))
  return h("ul", { class: "guide" }, ...list)
}

customElements.define("item-search", ItemSearch)

describePanel({
  name: "search",
  elements: ["item-search"],
  title: "search",
  opens: "search",
  keys: [["keys_code_keys", "keys_code"], ["F2", "keys_search"]],
  once: (element, _panel, _view, ways) => (element.find = ways.search),
})
