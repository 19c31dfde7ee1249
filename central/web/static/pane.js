// @ts-check
/**
 * A record beside the list that it was chosen in: on a wide screen `a[data-pane]` opens its page's short form in
 * `#pane`, and the address names it (`?open=`); on a narrow one, and with a key held, the link goes where it says.
 */
const WIDE = matchMedia("(min-width: 1200px)")

/** @param {string | null} which */
function keepInAddress(which) {
  const address = new URL(location.href)
  if (which) address.searchParams.set("open", which)
  else address.searchParams.delete("open")
  history.replaceState(history.state, "", address)
}

/**
 * @param {HTMLElement} place
 * @param {HTMLAnchorElement | null} link
 */
function mark(place, link) {
  place.closest(".split")?.classList.toggle("split-open", link !== null)
  for (const row of document.querySelectorAll("tr.chosen")) row.classList.remove("chosen")
  for (const one of document.querySelectorAll("a[data-pane][aria-current]")) one.removeAttribute("aria-current")
  link?.closest("tr")?.classList.add("chosen")
  link?.setAttribute("aria-current", "true")
}

/**
 * @param {HTMLElement} place
 * @param {HTMLAnchorElement} link
 */
async function openPane(place, link) {
  const answer = await fetch(link.href, { headers: { "HX-Request": "true" } }).catch(() => null)
  if (!answer?.ok || answer.headers.has("HX-Redirect")) return location.assign(link.href)
  place.innerHTML = await answer.text() // our own page, drawn and escaped by our own server
  place.scrollTop = 0
  mark(place, link)
  keepInAddress(link.dataset.pane ?? "")
  place.querySelector("h2")?.focus({ preventScroll: true })
}

/** @param {HTMLElement} place */
function closePane(place) {
  const link = /** @type {HTMLAnchorElement | null} */ (document.querySelector("a[data-pane][aria-current]"))
  place.replaceChildren()
  mark(place, null)
  keepInAddress(null)
  link?.focus()
}

document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target)
  const place = document.getElementById("pane")
  if (!place || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
  if (target.closest("[data-close-pane]")) return closePane(place)
  const link = /** @type {HTMLAnchorElement | null} */ (target.closest("a[data-pane]"))
  if (!link || !WIDE.matches) return
  event.preventDefault()
  void openPane(place, link)
})

document.addEventListener("keydown", (event) => {
  const place = document.getElementById("pane")
  if (event.key === "Escape" && place?.contains(document.activeElement)) closePane(place)
})

export {}
