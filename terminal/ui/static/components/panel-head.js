// @ts-check
import { h } from "../dom.js"
import { t } from "../texts.js"

/**
 * The head of a panel: its name, and the way back to what it was opened over.
 * @param {HTMLElement} host @param {string} title @param {string} [detail] @param {string} [figure] @returns {HTMLElement}
 */
export function panelHead(host, title, detail, figure) {
  const back = () => host.dispatchEvent(new CustomEvent("till-back", { bubbles: true }))
  return h(
    "header",
    { class: "panel-head" },
    h("button", { type: "button", class: "button back", "data-key": "back", onclick: back }, h("span", { "aria-hidden": "true", text: "←" }), t("back_to_sale")),
    h("div", { class: "panel-title" }, h("h2", { tabindex: "-1", text: title }), detail ? h("p", { text: detail }) : null),
    figure ? h("strong", { class: "panel-figure", text: figure }) : null,
  )
}
