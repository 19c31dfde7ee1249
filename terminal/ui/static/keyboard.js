// @ts-check
/** Keys wherever the focus is: shortcuts, digits for the number pad, and codes that a keyboard scanner types. */

import { Typist } from "./typing.js"

const LEAST_CODE = 3

/** @type {Record<string, string>} */
const SHORTCUTS = {
  F1: "help",
  "?": "help",
  F2: "search",
  F4: "receipt",
  F8: "pay",
  F9: "card",
  F10: "menu",
  Escape: "back",
  ArrowUp: "previous",
  ArrowDown: "next",
  Delete: "remove",
}

export class Keyboard {
  /**
   * @param {{pad: () => any, search: () => HTMLInputElement | null, takesCodes: () => boolean, code: (code: string) => void,
   *   shortcut: (name: string) => boolean}} page
   */
  constructor(page) {
    this.page = page
    this.typist = new Typist()
    document.addEventListener("keydown", (event) => this.#press(event), true)
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    if (this.typist.scanning && event.key === "Enter") return this.#enter(event)
    if (event.key !== "Enter" && this.typist.key(event.key, event.timeStamp) === "scan") return stop(event)
    const inField = event.target instanceof HTMLInputElement
    const shortcut = SHORTCUTS[event.key]
    if (shortcut && !(inField && ["?", "Delete"].includes(event.key)) && this.page.shortcut(shortcut)) stop(event)
    else if (inField || shortcut) this.typist.forget() // the field has it
    else if (event.key === "Enter") this.#enter(event)
    else if (event.key === "Backspace") this.#pad("Backspace", event)
    else if (event.key.length === 1 && event.key !== " ") this.#character(event)
  }

  /** @param {KeyboardEvent} event */
  #character(event) {
    const search = this.page.search()
    if (search && !this.page.pad()) {
      this.typist.forget()
      search.focus() // the character itself follows the focus
      return
    }
    this.#pad(event.key, event)
  }

  /** @param {KeyboardEvent} event */
  #enter(event) {
    const pad = this.page.pad()
    const { code, isScan } = this.typist.enter()
    if (isScan || (this.page.takesCodes() && !pad && code.length >= LEAST_CODE)) {
      stop(event)
      pad?.clear()
      this.page.code(code)
    } else if (code && pad) {
      stop(event)
      pad.enter()
    }
  }

  /** @param {string} key @param {KeyboardEvent} event */
  #pad(key, event) {
    const pad = this.page.pad()
    if (!pad) return
    stop(event)
    pad.press(key)
  }
}

/** @param {Event} event */
function stop(event) {
  event.preventDefault()
  event.stopPropagation()
}
