// @ts-check
import { act, h, redraw } from "../dom.js"
import { t } from "../texts.js"

/** What a person has to look at: what could not be done, prints in doubt, a clock that jumped. It never moves away by itself. */
export class AttentionList extends HTMLElement {
  #drawn = ""

  /** @param {{view: import("../types.js").View, fault: string}} drawn */
  set items({ view, fault }) {
    const alarms = view.notices.filter((notice) => notice.kind === "alarm")
    const prints = view.prints.filter((print) => print.needs_person)
    const question = view.clock.question
    const key = JSON.stringify([alarms, prints, question, fault, view.language])
    if (key === this.#drawn) return
    this.#drawn = key
    this.setAttribute("role", this.closest("dialog") ? "group" : "region") // one landmark for all, however many strips say the like
    this.setAttribute("aria-label", t("notice"))
    redraw(
      this,
      fault ? this.#fault(fault) : null,
      ...alarms.map((notice) => this.#alarm(notice)),
      ...prints.map((print) => this.#print(print)),
      question ? this.#clock(question) : null,
    )
  }

  /** @param {string} text */
  #fault(text) {
    const onclick = () => this.dispatchEvent(new CustomEvent("till-fault-seen", { bubbles: true }))
    return strip("alarm", "fault", text, [button("fault", t("dismiss"), onclick)])
  }

  /** @param {import("../types.js").NoticeView} notice */
  #alarm({ id, text }) {
    const onclick = () => act(this, `/api/v1/notices/${id}/dismiss`)
    return strip("alarm", `notice-${id}`, text, [button(`notice-${id}`, t("dismiss"), onclick)])
  }

  /** @param {import("../types.js").PrintView} print */
  #print({ id, title, text, actions }) {
    const buttons = actions.map(({ name, text: label }) =>
      button(`print-${id}-${name}`, label, () => act(this, `/api/v1/prints/${id}/${name}`), name === "again"),
    )
    return strip("print", `print-${id}`, text, buttons, title)
  }

  /** @param {string} question */
  #clock(question) {
    return strip("clock", "clock", question, [
      button("clock", t("clock_yes"), () => act(this, "/api/v1/clock/confirm")),
    ])
  }
}

/** @param {string} kind @param {string} key @param {string} text @param {HTMLElement[]} buttons @param {string} [title] */
function strip(kind, key, text, buttons, title) {
  return h(
    "section",
    { class: "strip", role: "group", "data-kind": kind, "data-strip": key, "aria-label": title ?? t("notice") },
    h("span", { class: "strip-mark", "aria-hidden": "true", text: kind === "alarm" ? "!" : "▲" }),
    h("div", { class: "strip-words" }, title ? h("strong", { text: title }) : null, h("p", { text })),
    h("div", { class: "strip-buttons" }, ...buttons),
  )
}

/** @param {string} key @param {string} text @param {() => void} onclick @param {boolean} [first] */
function button(key, text, onclick, first) {
  return h("button", { type: "button", class: first ? "button primary" : "button", "data-key": key, onclick, text })
}

customElements.define("attention-list", AttentionList)
