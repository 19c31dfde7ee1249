// @ts-check
/** Sends what was tapped and follows a refusal as far as a person can: an approval by somebody else, a Z without what was changed. */

import { noteWait } from "./pin-waits.js"
import { t } from "./texts.js"

const SIGN_ON = "/api/v1/sign-on"
const CLOSE = "/api/v1/session/close"

export class Acts {
  /**
   * @param {import("./link.js").Link} link @param {import("./components/modal-layer.js").ModalLayer} layer
   * @param {() => import("./types.js").View | null} view
   */
  constructor(link, layer, view) {
    this.link = link
    this.layer = layer
    this.view = view
  }

  /**
   * @param {string} path @param {Record<string, unknown>} body @param {string} what how the page calls it
   * @param {import("./types.js").Sure | null} [sure] what is asked before
   * @returns {Promise<import("./link.js").Answer | null>} null when it was given up
   */
  async send(path, body, what, sure = null) {
    if (sure && !(await this.#isSure(sure))) return null
    const command = { command_id: crypto.randomUUID(), ...this.#saleMeant(path), ...body }
    let answer = /** @type {import("./link.js").Answer | null} */ (await this.#act(path, command))
    if (answer?.data.code === "approval.needed") answer = await this.#approved(path, command, what, answer, sure?.tender)
    if (answer?.data.code === "ledger.changed" && path === CLOSE) return this.#leavingOut(body, what, answer.data.detail)
    return answer
  }

  /**
   * @param {string} path @param {Record<string, any>} command
   * @returns {Promise<import("./link.js").Answer>}
   */
  async #act(path, command) {
    const prover = path === SIGN_ON ? command.operator : command.approval?.operator
    const answer = await this.link.act(path, command, { isChecked: Boolean(prover) })
    if (prover && (answer.ok || answer.data.code === "pin.wrong")) noteWait(prover, answer.data.values?.wait_s ?? 0)
    return answer
  }

  /** Name the sale that the screen shows: the till refuses the act when another is current. @param {string} path */
  #saleMeant(path) {
    const view = this.view()
    if (path === "/api/v1/sale/next") return { sale: view?.done?.sale ?? null }
    const isOfSale = path.startsWith("/api/v1/sale/") || path === "/api/v1/language"
    return isOfSale ? { sale: view?.sale?.id ?? null } : {}
  }

  /**
   * Ask for an approval until it holds, and send the very same command with it.
   * @param {string} path @param {Record<string, unknown>} command @param {string} what @param {import("./link.js").Answer} refused
   * @param {import("./types.js").OpenTenderView} [tender] what it is about
   */
  async #approved(path, command, what, refused, tender) {
    const asked = { what, why: refused.data.detail, who: this.#whoMay(refused.data.values.rights), money: this.view()?.money }
    const question = this.layer.ask({ name: "approval", asked, tender })
    try {
      for (;;) {
        const approval = await question.answer()
        if (!approval) return null
        const answer = await this.#act(path, { ...command, approval })
        if (!/^(?:approval|pin)\./.test(answer.data.code ?? "")) return answer
        question.element.fault = answer.data.detail
      }
    } finally {
      this.layer.close(question)
    }
  }

  /** @param {string[]} rights */
  #whoMay(rights) {
    return this.view()?.operators.filter((person) => rights.every((right) => person.rights.includes(right))) ?? []
  }

  /** @param {Record<string, unknown>} body @param {string} what @param {string} why */
  async #leavingOut(body, what, why) {
    const isSure = await this.#isSure({ title: t("leave_out_title"), why, yes: t("leave_out_yes") })
    return isSure ? this.send(CLOSE, { ...body, leave_out: true }, what) : null
  }

  /** @param {import("./types.js").Sure} asked @returns {Promise<boolean>} */
  async #isSure(asked) {
    const question = this.layer.ask({ name: "sure", asked, tender: asked.tender })
    const isSure = await question.answer()
    this.layer.close(question)
    return Boolean(isSure)
  }
}
