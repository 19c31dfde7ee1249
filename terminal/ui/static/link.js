// @ts-check
/** The way to the daemon: a socket that comes back by itself, and acts that are sent until they are answered. */

import { changed } from "./sections.js"

const RETRY_MS = [200, 400, 800, 1500, 3000, 5000, 10_000]
const ANSWER_MS = 20_000 // for one asking; then it is asked again
const CHECKED_MS = 15_000 // a PIN waits for seconds after wrong ones, and says so
const SOON_MS = 2500 // an answer that takes longer is said to be missing

/** @typedef {{connected: boolean, overdue: boolean}} LinkState */
/** @typedef {{ok: boolean, data: any}} Answer */

export class Link {
  /** @type {LinkState} */
  state = { connected: true, overdue: false }
  #wake = () => {}
  /** @type {Set<string>} commands whose answer is missing */
  #overdue = new Set()

  /** @param {{view: (view: any) => void, notice: (notice: any) => void, state: (state: LinkState) => void}} tell */
  constructor(tell) {
    this.tell = tell
    /** @type {WebSocket | null} */
    this.socket = null
    /** @type {import("./types.js").View | null} */
    this.view = null
    this.token = document.querySelector('meta[name="till-token"]')?.getAttribute("content") ?? ""
    /** @type {Promise<unknown>} */
    this.last = Promise.resolve()
    this.attempt = 0
  }

  /** @param {string} language */
  open(language) {
    this.language = language
    const scheme = location.protocol === "https:" ? "wss" : "ws"
    const query = new URLSearchParams({ token: this.token, lang: language })
    const socket = new WebSocket(`${scheme}://${location.host}/api/v1/live?${query}`)
    this.socket = socket
    socket.onmessage = (event) => this.#receive(JSON.parse(event.data))
    socket.onclose = () => this.#reopen()
  }

  /** @param {string} language */
  speak(language) {
    this.language = language
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ type: "language", language }))
  }

  /**
   * Send an act. No answer means that it is not known what became of it: the very same command is sent again, after growing
   * pauses, until the till has answered. Acts go one after the other, in the order of the taps; but nobody waits for a PIN that
   * is checked, which takes its time after wrong ones.
   * @param {string} path @param {Record<string, unknown>} act with its command_id @param {{isChecked?: boolean}} [how]
   * @returns {Promise<Answer>}
   */
  act(path, act, { isChecked = false } = {}) {
    const command = JSON.stringify(act)
    if (isChecked) return this.#deliver(path, command, CHECKED_MS)
    const sent = this.last.then(() => this.#deliver(path, command, SOON_MS))
    this.last = sent.catch(() => undefined)
    return sent
  }

  /** @param {string} path @returns {Promise<any>} */
  async read(path) {
    const answer = await fetch(path, { headers: { "Accept-Language": this.language ?? "" } })
    return answer.ok ? answer.json() : null
  }

  /** @param {string} path @param {string} command @param {number} soon_ms @returns {Promise<Answer>} */
  async #deliver(path, command, soon_ms) {
    const soon = setTimeout(() => this.#overdue.add(command) && this.#tellOverdue(), soon_ms)
    try {
      for (let attempt = 0; ; attempt += 1) {
        const answer = await this.#post(path, command)
        if (answer?.data.code === "request.token") await this.#renewToken()
        else if (answer && answer.status !== 408) return { ok: answer.status < 400, data: answer.data }
        if (!answer) this.#overdue.add(command) && this.#tellOverdue()
        await this.#pause(attempt)
      }
    } finally {
      clearTimeout(soon)
      this.#overdue.delete(command)
      this.#tellOverdue()
    }
  }

  /** Wait, unless the till is heard of. @param {number} attempt */
  #pause(attempt) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)])
      this.#wake = () => (clearTimeout(timer), resolve(undefined))
    })
  }

  #tellOverdue() {
    this.#tell({ overdue: this.#overdue.size > 0 })
  }

  /** @param {Partial<LinkState>} change */
  #tell(change) {
    this.state = { ...this.state, ...change }
    this.tell.state(this.state)
  }

  /** @param {string} path @param {string} body @returns {Promise<{status: number, data: any} | null>} */
  async #post(path, body) {
    try {
      const answer = await fetch(path, {
        method: "POST",
        body,
        signal: AbortSignal.timeout(ANSWER_MS),
        headers: {
          "Content-Type": "application/json",
          "X-Till-Token": this.token,
          "Accept-Language": this.language ?? "",
        },
      })
      return { status: answer.status, data: await answer.json() }
    } catch {
      return null
    }
  }

  async #renewToken() {
    const answer = await this.#post("/api/v1/tokens", "{}")
    if (answer?.data?.token) this.token = answer.data.token
  }

  /** @param {any} frame */
  #receive(frame) {
    this.attempt = 0
    if (!this.state.connected) this.#wake()
    this.#tell({ connected: true })
    if (frame.type === "view") this.view = frame.view
    if (frame.type === "changes") this.view = changed(/** @type {import("./types.js").View} */ (this.view), frame)
    if (frame.type === "notice") this.tell.notice(frame.notice)
    else this.tell.view(this.view)
  }

  async #reopen() {
    this.#tell({ connected: false })
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.min(this.attempt, 4)]))
    this.attempt += 1
    await this.#renewToken() // a daemon that was restarted does not know the old one
    this.open(this.language ?? "")
  }
}
