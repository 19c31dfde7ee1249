// @ts-check
import { h, redraw } from "../dom.js"
import { t } from "../texts.js"

/** Says in words that the daemon does not answer, and that nothing is lost by it. */
export class ConnectionBanner extends HTMLElement {
  /** @param {{connected: boolean, pending: number}} link */
  set link({ connected, pending }) {
    this.hidden = connected
    const words = connected ? "" : t(pending ? "away_pending" : "away")
    if (this.textContent !== words) redraw(this, h("p", { role: "alert", text: words }))
  }
}

customElements.define("connection-banner", ConnectionBanner)
