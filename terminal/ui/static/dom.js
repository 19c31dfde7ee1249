// @ts-check
/** Makes elements, keeps focus over a redraw, and reports what was tapped. Text goes in as text only. */

/**
 * @param {string} tag
 * @param {Record<string, unknown>} [properties] attributes; `class`, `text`, `onclick` and booleans as one expects
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) set(element, name, value)
  element.append(.../** @type {(Node | string)[]} */ (children.filter((child) => child || child === "")))
  return element
}

/** @param {HTMLElement} element @param {string} name @param {unknown} value */
function set(element, name, value) {
  if (value === undefined || value === null || value === false) return
  if (name === "text") element.textContent = String(value)
  else if (typeof value === "function") element.addEventListener(name.slice(2), /** @type {EventListener} */ (value))
  else element.setAttribute(name, value === true ? "" : String(value))
}

/**
 * Put new children in and the focus back on the one that had it (by `data-key`).
 * @param {HTMLElement} host @param {...(Node | null | undefined | false)} children
 */
export function redraw(host, ...children) {
  const active = /** @type {HTMLElement | null} */ (document.activeElement)
  const key = active && host.contains(active) ? active.dataset.key : undefined
  host.replaceChildren(.../** @type {Node[]} */ (children.filter(Boolean)))
  if (key !== undefined) {
    const again = /** @type {HTMLElement | null} */ (host.querySelector(`[data-key="${CSS.escape(key)}"]`))
    again?.focus({ preventScroll: true })
  }
}

/**
 * Report an act to the app, which sends it and keeps the button quiet until it is answered.
 * @param {HTMLElement} host @param {string} path @param {Record<string, unknown>} [body] @param {string} [then] panel
 * @param {import("./types.js").Sure | null} [sure] what is asked before it is sent
 * @returns {boolean} whether it is sent; not while the same, or one without an answer, is under way
 */
export function act(host, path, body = {}, then, sure = null) {
  const button = document.activeElement instanceof HTMLButtonElement ? document.activeElement : null
  const detail = { path, body, then, sure, button }
  return host.dispatchEvent(new CustomEvent("till-act", { bubbles: true, cancelable: true, detail }))
}

/**
 * Ask the app for another panel in the right half.
 * @param {HTMLElement} host @param {import("./types.js").Panel} panel
 */
export function show(host, panel) {
  host.dispatchEvent(new CustomEvent("till-show", { bubbles: true, detail: panel }))
}

/** Say where an element is, so that it is found again after everything was drawn anew. @param {Element | null} element */
export function placeOf(element) {
  const { key, line } = element instanceof HTMLElement ? element.dataset : {}
  const host = element?.closest("till-status, action-bar, sale-lines, attention-list, #panel")
  if (!host || (!key && !line)) return ""
  const mark = line ? `[data-line="${CSS.escape(line)}"]` : `[data-key="${CSS.escape(key ?? "")}"]`
  return `${host.id ? `#${host.id}` : host.localName} ${mark}`
}
