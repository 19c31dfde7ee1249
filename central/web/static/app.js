// @ts-check
/** Keys for people who stay at the keyboard: `g` and a letter goes to a section; a refused form begins where it was refused. */
let goes = false

/** @param {KeyboardEvent} event */
function onKey(event) {
  const target = /** @type {HTMLElement} */ (event.target)
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, select, textarea, [contenteditable]")) return
  if (goes) {
    goes = false
    const link = /** @type {HTMLAnchorElement | null} */ (document.querySelector(`[data-key="${CSS.escape(event.key)}"]`))
    if (link) link.click()
  } else if (event.key === "g") {
    goes = true
  }
}

document.addEventListener("keydown", onKey)
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(/** @type {Node} */ (event.target))) menu.removeAttribute("open")
  }
})

/** A form that was refused begins where it was. */
function goToRefused() {
  const field = /** @type {HTMLElement | null} */ (document.querySelector('#record-form [aria-invalid="true"]'))
  field?.focus()
}

document.addEventListener("htmx:afterSettle", (event) => {
  if (/** @type {HTMLElement} */ (event.target).id === "beside") goToRefused()
})
goToRefused()
