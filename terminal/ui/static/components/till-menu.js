// @ts-check
import { describePanel } from "../panel-kinds.js"
import { act, h, show } from "../dom.js"
import { t } from "../texts.js"
import { panelHead } from "./panel-head.js"

/** What is done a few times a day: close the session, sign off, look at keys. */
export class TillMenu extends HTMLElement {
  /** @param {import("../types.js").View} view */
  set view({ operator, session }) {
    const selling = session !== null
    this.replaceChildren(
      panelHead(this, operator?.name ?? t("menu"), session ? session.opened : ""),
      h(
        "div",
        { class: "panel-body menu" },
        entry("off", t("sign_off"), () => act(this, "/api/v1/sign-off")),
        selling ? entry("close", t("close_title"), () => show(this, { name: "close" })) : null,
        selling ? entry("last", t("last_receipt"), () => show(this, { name: "receipt" })) : null,
        entry("keys", t("keys_title"), () => show(this, { name: "keys" })),
        entry("look", t("look"), () => this.dispatchEvent(new CustomEvent("till-look", { bubbles: true }))),
      ),
    )
  }
}

/** @param {string} key @param {string} text @param {() => void} onclick */
function entry(key, text, onclick) {
  return h("button", { type: "button", class: "button tall", "data-key": key, onclick, text })
}

customElements.define("till-menu", TillMenu)

describePanel({
  name: "menu",
  elements: ["till-menu"],
  title: "menu",
  opens: "menu",
  on: ["session", "selling"],
  keys: [["F10", "keys_menu"]],
  draw: (element, _, view) => (element.view = view),
})
