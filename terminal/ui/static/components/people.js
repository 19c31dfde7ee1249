// @ts-check
import { h } from "../dom.js"

/**
 * The people to choose from, one button each.
 * @param {{id: string, name: string}[]} who @param {(id: string) => void} chosen @returns {HTMLElement}
 */
export function people(who, chosen) {
  const names = who.map(({ id, name }) =>
    h("button", { type: "button", class: "button person", "data-key": id, onclick: () => chosen(id) }, h("span", { class: "person-mark", "aria-hidden": "true", text: initials(name) }), h("span", { text: name })),
  )
  return h("div", { class: "people" }, ...names)
}

/** @param {string} name */
function initials(name) {
  return name.split(/\s+/).slice(0, 2).map((part) => part[0] ?? "").join("").toUpperCase()
}
