// @ts-check
/** The way to the daemon: a socket that comes back by itself, and acts that are sent until they are answered. */

import { changed } from "./sections.js"

const RETRY_MS = [200, 400, 800, 1500, 3000]
const GIVE_UP_MS = 45_000
const ANSWER_MS = 20_000

/** @param {number} attempt */
const pause = (attempt) =>
  new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]))

export class Link {
  /** @param {{view: (view: any) => void, notice: (notice: any) => void, state: (connected: boolean) => void}} tell */
  constructor(tell) {
    this.tell = tell
    this.pending = 0
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
   * Send an act; the same command is sent again until the till has answered, so that a tap counts once and is not lost.
   * Acts go one after the other, in the order of the taps.
   * @param {string} path @param {Record<string, unknown>} body
   * @returns {Promise<{ok: boolean, answered: boolean, data: any}>}
   */
  act(path, body) {
    const command = { ...body, command_id: crypto.randomUUID() }
    const sent = this.last.then(() => this.#deliver(path, JSON.stringify(command)))
    this.last = sent.catch(() => undefined)
    return sent
  }

  /** @param {string} path @returns {Promise<any>} */
  async read(path) {
    const answer = await fetch(path, { headers: { "Accept-Language": this.language ?? "" } })
    return answer.ok ? answer.json() : null
  }

  /** @param {string} path @param {string} body */
  async #deliver(path, body) {
    const started = performance.now()
    this.pending += 1
    try {
      for (let attempt = 0; performance.now() - started < GIVE_UP_MS; attempt += 1) {
        const answer = await this.#post(path, body)
        if (answer?.status === 403 && answer.data.code === "request.token") await this.#renewToken()
        else if (answer) return { ok: answer.status < 400, answered: true, data: answer.data }
        await pause(attempt)
      }
      return { ok: false, answered: false, data: null }
    } finally {
      this.pending -= 1
    }
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
    this.tell.state(true)
    if (frame.type === "view") this.view = frame.view
    if (frame.type === "changes") this.view = changed(/** @type {import("./types.js").View} */ (this.view), frame)
    if (frame.type === "view" || frame.type === "changes") this.tell.view(this.view)
    if (frame.type === "notice") this.tell.notice(frame.notice)
  }

  async #reopen() {
    this.tell.state(false)
    await pause(this.attempt)
    this.attempt += 1
    await this.#renewToken() // a daemon that was restarted does not know the old one
    this.open(this.language ?? "")
  }
}
