// @ts-check
/** Keys wherever the focus is: shortcuts, digits for the number pad, and codes that a keyboard scanner types. */

const FORGET_MS = 1500
const LEAST_CODE = 3
const SURELY_CODE = 8 // no amount, quantity or PIN is that long

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
   * @param {{pad: () => any, search: () => HTMLInputElement | null, code: (code: string) => void,
   *   shortcut: (name: string) => boolean}} page
   */
  constructor(page) {
    this.page = page
    this.typed = ""
    this.at = 0
    document.addEventListener("keydown", (event) => this.#press(event), true)
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    if (event.timeStamp - this.at > FORGET_MS) this.typed = ""
    this.at = event.timeStamp
    const inField = event.target instanceof HTMLInputElement
    const shortcut = SHORTCUTS[event.key]
    if (shortcut && !(inField && ["?", "Delete"].includes(event.key)) && this.page.shortcut(shortcut)) stop(event)
    else if (inField || shortcut) return
    else if (event.key === "Enter") this.#enter(event)
    else if (event.key === "Backspace") this.#pad("Backspace", event)
    else if (event.key.length === 1 && event.key !== " ") this.#character(event)
  }

  /** @param {KeyboardEvent} event */
  #character(event) {
    const search = this.page.search()
    if (search && !this.page.pad()) {
      search.focus() // the character itself follows the focus
      return
    }
    this.typed += event.key
    this.#pad(event.key, event)
  }

  /** @param {KeyboardEvent} event */
  #enter(event) {
    const pad = this.page.pad()
    const code = this.typed
    this.typed = ""
    if (code.length >= (pad ? SURELY_CODE : LEAST_CODE)) {
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
