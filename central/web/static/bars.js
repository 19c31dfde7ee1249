// @ts-check
/**
 * Bars that are longer than a phone is wide: where one is comes into view, and `data-before` and `data-after` say that
 * there is more in that direction.
 */

/** @param {HTMLElement} bar */
function showEnds(bar) {
  bar.toggleAttribute("data-before", bar.scrollLeft > 1)
  bar.toggleAttribute("data-after", bar.scrollWidth - bar.clientWidth - bar.scrollLeft > 1)
}

/** @param {HTMLElement} bar */
function showCurrent(bar) {
  const current = /** @type {HTMLElement | null} */ (bar.querySelector("[aria-current]"))
  if (current) bar.scrollLeft = current.offsetLeft - (bar.clientWidth - current.offsetWidth) / 2
}

for (const bar of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".sections, .tabs"))) {
  showCurrent(bar)
  void document.fonts.ready.then(() => showCurrent(bar)) // letters that come late are of other widths
  bar.addEventListener("scroll", () => showEnds(bar), { passive: true })
  new ResizeObserver(() => showEnds(bar)).observe(bar)
}
