// @ts-check
import { h } from "../dom.js"
import { describePanel, panelKeys } from "../panel-kinds.js"
import { t } from "../texts.js"
import { panelHead } from "./panel-head.js"

/** @type {[string, string][]} */
const OF_THE_PAGE = [
  ["? · F1", "keys_help"],
  ["Esc", "keys_back"],
  ["↑ ↓", "keys_lines"],
  ["⌦", "keys_remove"],
]

/** Every key of the page and of its panels, shown with `?`. */
export class KeyList extends HTMLElement {
  connectedCallback() {
    const own = OF_THE_PAGE.concat(panelKeys())
    const rows = own.map(([keys, what]) => [/^keys_/.test(keys) ? t(keys) : keys, t(what)])
    const list = rows.map(([keys, what]) => h("div", {}, h("dt", {}, h("kbd", { text: keys })), h("dd", { text: what })))
    this.replaceChildren(panelHead(this, t("keys_title")), h("dl", { class: "panel-body keys" }, ...list))
  }
}

customElements.define("key-list", KeyList)

describePanel({ name: "keys", elements: ["key-list"], title: "keys_title", opens: "help", on: ["session", "selling", "paying"] })
