// @ts-check
import { describePanel } from "../panel-kinds.js"
import { act, h } from "../dom.js"
import { t } from "../texts.js"
import { numberPad } from "./number-pad.js"
import { panelHead } from "./panel-head.js"

/** Asks for the price of an item that has none. */
export class PriceAsk extends HTMLElement {
  /** @param {{title: string, item: string, money: import("../types.js").MoneyFormat, notice: number | null}} asked */
  set asked({ title, item, money, notice }) {
    const pad = numberPad("amount", t("ask_price"), money)
    const send = () => pad.typed && act(this, "/api/v1/sale/items", { item, unit_price: price(pad.minor, money.digits) }, "search")
    const add = /** @type {HTMLButtonElement} */ (h("button", { type: "button", class: "button primary tall", "data-key": "price", disabled: true, onclick: send }, t("add_with_price")))
    pad.addEventListener("pad-enter", send)
    pad.addEventListener("pad-change", () => (add.disabled = !pad.typed))
    const cancel = h("button", { type: "button", class: "button tall", "data-key": "cancel", onclick: () => notice !== null && act(this, `/api/v1/notices/${notice}/dismiss`, {}, "search") }, t("cancel"))
    this.replaceChildren(
      notice === null ? panelHead(this, title) : h("header", { class: "panel-head" }, h("div", { class: "panel-title" }, h("h2", { tabindex: "-1", text: title }))),
      h("div", { class: "panel-body split" }, pad, h("div", { class: "panel-side" }, add, notice === null ? null : cancel)),
    )
  }
}

/** Put the point where the daemon reads it. @param {string} digits @param {number} places */
function price(digits, places) {
  const padded = digits.padStart(places + 1, "0")
  return places ? `${padded.slice(0, -places)}.${padded.slice(-places)}` : padded
}

/** An item was chosen that has no price. @param {{item: string, names?: Record<string, string>}} values @param {string} language */
function chosen({ item, names = {} }, language) {
  return { id: item, name: names[language] ?? Object.values(names)[0] ?? "", sku: "", unit: "", price: null }
}

customElements.define("price-ask", PriceAsk)

describePanel({
  name: "price",
  elements: ["price-ask"],
  title: "ask_price",
  notices: ["price"],
  follows: ({ code, values }, { language }) => (code === "price.missing" ? { name: "price", item: chosen(values, language) } : undefined),
  once: (element, { notice, item }, { money }) =>
    (element.asked = { title: notice?.text ?? item?.name ?? "", item: notice?.item ?? item?.id, money, notice: notice?.id ?? null }),
})
