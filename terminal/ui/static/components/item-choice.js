// @ts-check
import { describePanel } from "../panel-kinds.js"
import { act, h } from "../dom.js"
import { t } from "../texts.js"

/** Several items have the scanned code: a person says which one it is. */
export class ItemChoice extends HTMLElement {
  /** @param {import("../types.js").NoticeView} notice */
  set notice(notice) {
    const items = notice.candidates.map((item) => h("li", {}, this.#item(item)))
    const cancel = () => act(this, `/api/v1/notices/${notice.id}/dismiss`, {}, "search")
    this.replaceChildren(
      h("header", { class: "panel-head" }, h("div", { class: "panel-title" }, h("h2", { tabindex: "-1", text: t("choose_item") }), h("p", { text: notice.text }))),
      h("div", { class: "panel-body" }, h("ul", { class: "items", "aria-label": t("choose_item") }, ...items), h("button", { type: "button", class: "button", "data-key": "cancel", onclick: cancel }, t("cancel"))),
    )
  }

  /** @param {import("../types.js").ItemView} item */
  #item(item) {
    const onclick = () => act(this, "/api/v1/sale/items", { item: item.id }, "search")
    return h("button", { type: "button", class: "item", "data-key": item.id, onclick }, h("span", { class: "item-name", text: item.name }), h("span", { class: "item-sku", text: item.sku }), h("span", { class: "item-price", text: item.price ?? "" }))
  }
}

customElements.define("item-choice", ItemChoice)

describePanel({
  name: "choice",
  elements: ["item-choice"],
  title: "choose_item",
  notices: ["candidates"],
  once: (element, panel) => (element.notice = panel.notice),
})
