// @ts-check
/** Tells a scan from typing, where a scanner types into the page as a keyboard does. No page, no clock: keys with their times. */

/** @typedef {{scans_by: "device" | "prefix" | "rhythm", prefix: string, rhythm_ms: number, least: number}} Typing */

/** @type {Typing} */
export const AS_DELIVERED = { scans_by: "rhythm", prefix: "", rhythm_ms: 35, least: 8 }
const FORGET_MS = 1500

export class Typist {
  constructor() {
    /** @type {Typing} how the till is set up */
    this.settings = AS_DELIVERED
    this.typed = ""
    this.began = 0
    this.at = 0
    this.scanning = false // a prefix has come, and its code is under way
  }

  /**
   * Take a key and say whose it is: "scan" keys belong to a code and to nobody else.
   * @param {string} key @param {number} at milliseconds
   * @returns {"typing" | "scan"}
   */
  key(key, at) {
    if (at - this.at > FORGET_MS) this.forget()
    const { scans_by, prefix } = this.settings
    if (scans_by === "prefix" && key === prefix) {
      this.forget()
      this.scanning = true
      this.at = at
      return "scan"
    }
    if (key.length === 1) {
      if (!this.typed) this.began = at
      this.typed += key
    }
    this.at = at
    return this.scanning ? "scan" : "typing"
  }

  /** What was typed up to now, and whether a scanner typed it. @returns {{code: string, isScan: boolean}} */
  enter() {
    const code = this.typed
    const isScan = this.scanning || (this.settings.scans_by === "rhythm" && this.#isFast(code))
    this.forget()
    return { code, isScan }
  }

  forget() {
    this.typed = ""
    this.scanning = false
  }

  /** @param {string} code */
  #isFast(code) {
    const { least, rhythm_ms } = this.settings
    return code.length >= least && this.at - this.began <= rhythm_ms * (code.length - 1)
  }
}
