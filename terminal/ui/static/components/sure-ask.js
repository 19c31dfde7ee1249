// @ts-check
import { describePanel, sameTender } from "../panel-kinds.js"
import { h } from "../dom.js"
import { t } from "../texts.js"
import { answerLayer } from "./modal-layer.js"

/** Asks once, in the layer, before something that is not done lightly. */
export class SureAsk extends HTMLElement {
  /** @param {import("../types.js").Sure} asked */
  set asked({ title, why, yes, tender }) {
    const look = tender ? "primary" : "destroys strong"
    this.replaceChildren(
      h("h2", { tabindex: "-1", text: title }),
      h("p", { text: why }),
      h(
        "div",
        { class: "card-buttons" },
        h("button", { type: "button", class: "button tall", "data-key": "cancel", onclick: () => answerLayer(this, null) }, t("cancel")),
        h("button", { type: "button", class: `button tall ${look}`, "data-key": "yes", onclick: () => answerLayer(this, true) }, yes),
      ),
    )
  }
}

customElements.define("sure-ask", SureAsk)

describePanel({
  name: "sure",
  elements: ["sure-ask"],
  title: "sure_title",
  stands: sameTender,
  once: (element, { asked }) => (element.asked = asked),
})
