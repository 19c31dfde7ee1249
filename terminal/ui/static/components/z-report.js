// @ts-check
import { h, redraw } from "../dom.js"
import { t } from "../texts.js"

/** The session's Z on screen: sold, received, should be in the drawer, counted. */
export class ZReport extends HTMLElement {
  #drawn = ""

  /** @param {import("../types.js").View} view */
  set view({ last_z, language }) {
    const key = JSON.stringify([last_z, language])
    if (key === this.#drawn) return
    this.#drawn = key
    this.hidden = !last_z
    if (!last_z) return
    redraw(
      this,
      h("h2", { text: t("z_done") }),
      h("p", { class: "quiet", text: `${last_z.title} · ${last_z.business_day}` }),
      rows([
        ...last_z.summary,
        ...last_z.tenders,
        ...last_z.taxes.map((row) => ({ label: row.label, amount: t("vat_on", row) })),
        { label: t("z_expected"), amount: last_z.expected },
        { label: t("z_counted"), amount: last_z.counted },
      ]),
      h("p", { class: "z-verdict", "data-right": String(last_z.over_short_cents === 0), text: last_z.verdict }),
    )
  }
}

/** @param {{label: string, amount: string}[]} entries */
function rows(entries) {
  return h("dl", { class: "z-rows" }, ...entries.map(({ label, amount }) => h("div", {}, h("dt", { text: label }), h("dd", { text: amount }))))
}

customElements.define("z-report", ZReport)
