// @ts-check
import { h } from "../dom.js"
import { t } from "../texts.js"
import { panelHead } from "./panel-head.js"

/** Every key of the page, shown with `?`. */
export class KeyList extends HTMLElement {
  connectedCallback() {
    const rows = [
      [t("keys_code_keys"), t("keys_code")],
      ["F2", t("keys_search")],
      ["↑ ↓", t("keys_lines")],
      ["⏎", t("keys_open_line")],
      ["⌦", t("keys_remove")],
      ["F8", t("keys_pay")],
      ["F9", t("keys_card")],
      [t("keys_amount_keys"), t("keys_amount")],
      ["F8", t("keys_next")],
      ["F4", t("keys_last")],
      ["F10", t("keys_menu")],
      ["Esc", t("keys_back")],
      ["? · F1", t("keys_help")],
    ]
    const list = rows.map(([keys, what]) => h("div", {}, h("dt", {}, h("kbd", { text: keys })), h("dd", { text: what })))
    this.replaceChildren(panelHead(this, t("keys_title")), h("dl", { class: "panel-body keys" }, ...list))
  }
}

customElements.define("key-list", KeyList)
