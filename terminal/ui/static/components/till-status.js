// @ts-check
import { h, redraw, show } from "../dom.js"
import { t } from "../texts.js"

/** @type {Record<string, string>} */
const SHAPES = { ready: "●", online: "●", attention: "▲", offline: "○", never: "○", gone: "✕" }

/** The line at the top: where, who, how devices and network are, the time and the language. */
export class TillStatus extends HTMLElement {
  #drawn = ""

  /** @param {import("../types.js").View} view */
  set view(view) {
    const { till, operator, devices, network, clock, languages, language, mode_text } = view
    const key = JSON.stringify([till, operator, devices, network, clock, language, mode_text])
    if (key === this.#drawn) return
    this.#drawn = key
    redraw(
      this,
      h(
        "header",
        { class: "status" },
        h("h1", { class: "status-till" }, h("strong", { text: till.shop }), h("span", { text: till.name })),
        this.#person(operator),
        mode_text ? h("p", { class: "status-mode", text: mode_text }) : null,
        h("ul", { class: "status-devices", "aria-label": t("status") }, ...devices.map(device), central(network)),
        h("p", { class: "status-clock" }, h("time", { text: clock.time })),
        this.#languages(languages, language),
      ),
    )
  }

  /** @param {{name: string} | null} operator */
  #person(operator) {
    if (!operator) return h("p", { class: "status-nobody", text: t("nobody") })
    const name = h("span", { text: operator.name })
    const mark = h("span", { class: "status-open", "aria-hidden": "true", text: "▾" })
    const onclick = () => show(this, { name: "menu" })
    return h("button", { type: "button", class: "status-person", "data-key": "menu", onclick }, name, mark)
  }

  /** @param {{code: string, name: string}[]} languages @param {string} chosen */
  #languages(languages, chosen) {
    const buttons = languages.map(({ code, name }) =>
      h(
        "button",
        {
          type: "button",
          class: "status-language",
          "data-key": `language-${code}`,
          lang: code,
          "aria-label": `${code.toUpperCase()} ${name}`,
          "aria-pressed": String(code === chosen),
          onclick: () => this.dispatchEvent(new CustomEvent("till-language", { bubbles: true, detail: code })),
        },
        code.toUpperCase(),
      ),
    )
    return h("div", { class: "status-languages", role: "group", "aria-label": t("language") }, ...buttons)
  }
}

/** @param {import("../types.js").DeviceView} view */
function device({ label, availability, text }) {
  return h(
    "li",
    { class: "state", "data-state": availability },
    h("span", { class: "state-shape", "aria-hidden": "true", text: SHAPES[availability] }),
    h("span", { text: label }),
    h("span", { class: "state-words", text }),
  )
}

/** @param {{state: string, text: string, unsent: number, unsent_text: string}} network */
function central({ state, text, unsent, unsent_text }) {
  const words = state === "online" && !unsent ? text : unsent ? `${text} · ${unsent_text}` : text
  return h(
    "li",
    { class: "state", "data-state": state },
    h("span", { class: "state-shape", "aria-hidden": "true", text: SHAPES[state] }),
    h("span", { text: t("central") }),
    h("span", { class: "state-words", text: words }),
  )
}

customElements.define("till-status", TillStatus)
