// @ts-check
/** The search of everything, from anywhere: `/` opens it, arrows go through what is found, Enter goes there. */
const finder = /** @type {HTMLDialogElement | null} */ (document.getElementById("finder"))

/** @param {Event} event */
function open(event) {
  event.preventDefault()
  if (!finder || finder.open) return
  finder.showModal()
  finder.querySelector("input")?.select()
}

/** @param {number} step */
function walk(step) {
  const places = [.../** @type {NodeListOf<HTMLElement>} */ (finder?.querySelectorAll("#finder-q, [data-hit]") ?? [])]
  const here = places.indexOf(/** @type {HTMLElement} */ (document.activeElement))
  places[(here + step + places.length) % places.length]?.focus()
}

document.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target)
  if (event.ctrlKey || event.metaKey || event.altKey) return
  if (event.key === "/" && !target.closest("input, select, textarea, [contenteditable]")) open(event)
})
document.querySelector("[data-finder]")?.addEventListener("click", open)
finder?.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return
  event.preventDefault()
  walk(event.key === "ArrowDown" ? 1 : -1)
})
finder?.addEventListener("click", (event) => { if (event.target === finder) finder.close() })

export {}
