// @ts-check
import { h, redraw } from "../dom.js"
import { t } from "../texts.js"

/** Says in words that the daemon does not answer, what is known then and what is not. */
export class ConnectionBanner extends HTMLElement {
  /** @param {import("../link.js").LinkState} link */
  set link({ connected, overdue }) {
    this.hidden = connected && !overdue
    const words = this.hidden ? "" : t(overdue ? "away_pending" : "away")
    if (this.textContent !== words) redraw(this, h("p", { role: "alert", text: words }))
  }
}

customElements.define("connection-banner", ConnectionBanner)
