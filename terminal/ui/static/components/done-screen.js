// @ts-check
import { describePanel } from "../panel-kinds.js"
import { act, h, redraw } from "../dom.js"
import { t } from "../texts.js"

/** The sale is done: the change fills the screen until the next customer. */
export class DoneScreen extends HTMLElement {
  #drawn = ""

  /** @param {import("../types.js").View} view */
  set view({ done, prints, language }) {
    const print = prints.find(({ id }) => id === done?.print)
    const key = JSON.stringify([done, print, language])
    if (!done || key === this.#drawn) return
    this.#drawn = key
    redraw(
      this,
      h(
        "div",
        { class: "done" },
        h("p", { class: "done-label" }, h("span", { class: "done-mark", "aria-hidden": "true", text: "✓" }), h("span", { text: t(done.change_cents ? "change" : "no_change") })),
        h("p", { class: "done-figure", text: done.change_cents ? done.change : done.total }),
        done.change_cents ? h("p", { class: "done-detail", text: `${t("paid", { amount: done.total })} · ${t("given_amount", { amount: done.tendered })}` }) : null,
        this.#receipt(done, print),
      ),
      h(
        "div",
        { class: "done-next" },
        h("button", { type: "button", class: "button primary tall", "data-key": "next", onclick: () => act(this, "/api/v1/sale/next") }, t("next")),
        h("p", { class: "quiet", text: t("next_hint") }),
      ),
    )
  }

  /** @param {import("../types.js").DoneView} done @param {import("../types.js").PrintView | undefined} print */
  #receipt(done, print) {
    const copy = print && !print.needs_person ? print.actions.find(({ name }) => name === "again") : undefined
    return h(
      "div",
      { class: "done-receipt" },
      h("span", {}, t("receipt"), " ", h("strong", { text: done.formatted })),
      print && !print.needs_person ? h("span", { class: "state", "data-state": print.state, text: print.text }) : null,
      copy && print ? h("button", { type: "button", class: "button", "data-key": "copy", onclick: () => act(this, `/api/v1/prints/${print.id}/again`) }, copy.text) : null,
    )
  }
}

customElements.define("done-screen", DoneScreen)

describePanel({
  name: "done",
  elements: ["done-screen"],
  title: "change",
  keys: [["F8", "keys_next"]],
  draw: (element, _, view) => (element.view = view),
  shortcut: (element, key) => key === "pay" && (act(element, "/api/v1/sale/next"), true),
})
