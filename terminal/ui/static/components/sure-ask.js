// @ts-check
import { h } from "../dom.js"
import { t } from "../texts.js"
import { answerLayer } from "./modal-layer.js"

/** Asks once, in the layer, before something that is not done lightly. */
export class SureAsk extends HTMLElement {
  /** @param {{title: string, why: string, yes: string}} asked */
  set asked({ title, why, yes }) {
    this.replaceChildren(
      h("h2", { id: "layer-title", tabindex: "-1", text: title }),
      h("p", { text: why }),
      h(
        "div",
        { class: "card-buttons" },
        h("button", { type: "button", class: "button tall", "data-key": "cancel", onclick: () => answerLayer(this, null) }, t("cancel")),
        h("button", { type: "button", class: "button tall destroys strong", "data-key": "yes", onclick: () => answerLayer(this, true) }, yes),
      ),
    )
  }
}

customElements.define("sure-ask", SureAsk)
