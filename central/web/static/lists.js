// @ts-check
/**
 * Lists by keyboard, with the record beside them on a wide screen. Everything works without this too, page by page.
 *
 * Arrow keys go through the rows, Enter opens one, x chooses it, Esc goes back; n makes a new one, f finds in the list.
 */
const wide = matchMedia("(min-width: 1200px)")
const htmx = /** @type {any} */ (globalThis).htmx
let chip = ""

/** @template {Element} T @param {string} selector @returns {T | null} */
const one = (selector) => /** @type {T | null} */ (document.querySelector(selector))

/** @returns {HTMLAnchorElement[]} */
const rows = () => [...document.querySelectorAll("#table [data-row]")].map((row) => /** @type {HTMLAnchorElement} */ (row))

/** @param {HTMLElement} target */
const typesIn = (target) => target.closest("input:not([type=checkbox]):not([type=radio]), select, textarea, dialog")

/** @param {number} step */
function walk(step) {
  const links = rows()
  const here = links.findIndex((row) => row.closest("tr") === document.activeElement?.closest("tr"))
  links[here < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(here + step, 0), links.length - 1)]?.focus()
}

/** @param {HTMLAnchorElement} link */
async function openBeside(link) {
  await htmx.ajax("GET", link.getAttribute("href"), { target: "#beside", swap: "innerHTML" })
  const beside = /** @type {HTMLElement} */ (one("#beside"))
  if (!beside.firstElementChild) return // refused: the page says why
  beside.hidden = false
  for (const row of rows()) row.toggleAttribute("aria-current", row.closest("tr")?.id === link.closest("tr")?.id)
  remember("open", link.closest("tr")?.id.slice(2) ?? "")
  beside.querySelector("h1")?.focus()
}

function closeBeside() {
  const beside = one("#beside")
  if (!(beside instanceof HTMLElement) || beside.hidden) return false
  const row = /** @type {HTMLElement | null} */ (one("#table [data-row][aria-current]"))
  beside.hidden = true
  beside.replaceChildren()
  row?.removeAttribute("aria-current")
  remember("open", "")
  row?.focus()
  return true
}

/** Keep something in the address, so that loading the page anew shows the same. @param {string} name @param {string} value */
function remember(name, value) {
  const here = new URL(location.href)
  here.searchParams.delete(name)
  if (value) here.searchParams.set(name, value)
  if (name === "saved") here.hash = "" // it led to the row that was saved
  history.replaceState(history.state, "", here)
}

/** @param {KeyboardEvent} event @param {HTMLElement} target */
function leave(event, target) {
  const open = target.closest("details.pop[open]")
  if (open) {
    open.removeAttribute("open")
    open.querySelector("summary")?.focus()
  } else if (typesIn(target)) {
    target.blur()
    target.closest(".beside, main")?.querySelector("h1")?.focus()
  } else if (!closeBeside()) {
    /** @type {HTMLAnchorElement | null} */ (one("main [data-back]"))?.click()
  } else {
    event.preventDefault()
  }
}

/** @type {Record<string, (event: KeyboardEvent) => void>} */
const KEYS = {
  ArrowDown: (event) => { if (rows().length) { event.preventDefault(); walk(1) } },
  ArrowUp: (event) => { if (rows().length) { event.preventDefault(); walk(-1) } },
  n: (event) => { event.preventDefault(); /** @type {HTMLAnchorElement | null} */ (one("[data-new]"))?.click() },
  x: () => {
    const box = document.activeElement?.closest("#table tr")?.querySelector("input[name=chosen]")
    if (box instanceof HTMLInputElement) box.click()
  },
  f: (event) => {
    const search = /** @type {HTMLInputElement | null} */ (one("main input[type=search]"))
    if (search) { event.preventDefault(); search.focus(); search.select() }
  },
}

document.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target)
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || target.closest("dialog")) return
  if (event.key === "Escape") return leave(event, target)
  if (event.key === "ArrowDown" && target.matches("[data-list-search]")) return KEYS.ArrowDown?.(event)
  if ((event.key === "Delete" || event.key === "Backspace") && target.matches("[data-chip]")) {
    return document.getElementById(`x-${target.dataset.chip}`)?.click()
  }
  const scrolls = target.closest(".beside, .sheet:focus") && event.key.startsWith("Arrow")
  if (!typesIn(target) && !target.closest("summary") && !scrolls) KEYS[event.key]?.(event)
})

document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target)
  if (target.closest("[data-close]")) return void closeBeside()
  for (const pop of document.querySelectorAll("details.pop[open]")) if (!pop.contains(target)) pop.removeAttribute("open")
  const link = /** @type {HTMLAnchorElement | null} */ (target.closest("#table [data-row]"))
  if (link && wide.matches && one("#beside") && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault()
    void openBeside(link)
  } else if (target.closest("#table a, [data-new]")) {
    sessionStorage.setItem(`place:${location.pathname}`, String(scrollY))
  }
})

document.addEventListener("change", (event) => {
  const target = /** @type {HTMLInputElement} */ (event.target)
  chip = target.closest(".chip")?.querySelector("summary")?.id ?? ""
  if (target.matches("[data-choose-all]")) {
    for (const box of document.querySelectorAll("#table input[name=chosen]")) /** @type {HTMLInputElement} */ (box).checked = target.checked
  }
  count()
})

/** How many are chosen, in words. */
function count() {
  const output = /** @type {HTMLElement | null} */ (one("#table output[data-chosen]"))
  const chosen = document.querySelectorAll("#table input[name=chosen]:checked").length
  if (output) output.textContent = chosen ? (output.dataset.chosen ?? "").replace("{count}", String(chosen)) : ""
}

/** The list was drawn: by the server, or anew because of what was typed. */
function arrange() {
  const all = /** @type {HTMLInputElement | null} */ (one("[data-choose-all]"))
  if (all) all.hidden = false
  count()
}

document.addEventListener("htmx:afterSettle", (event) => {
  if (/** @type {HTMLElement} */ (event.target).id !== "table") return
  arrange()
  for (const place of document.querySelectorAll("[data-address]")) {
    /** @type {HTMLInputElement} */ (place).value = location.pathname + location.search
  }
  if (chip && document.activeElement === document.body) document.getElementById(chip)?.focus()
  chip = ""
})

/** What somebody else changed is marked where it stands; nothing moves. */
document.addEventListener("live:shown", () => {
  const words = /** @type {HTMLElement | null} */ (one("#news [data-words]"))?.dataset.words ?? ""
  for (const news of document.querySelectorAll("#news [data-changed]")) {
    const row = document.getElementById(`r-${/** @type {HTMLElement} */ (news).dataset.changed}`)
    if (!row || row.classList.contains("stale")) continue
    row.classList.add("stale")
    const mark = Object.assign(document.createElement("span"), { className: "mark mark-warn", textContent: words })
    row.querySelector("[data-row]")?.after(" ", mark)
  }
})

function begin() {
  arrange()
  const here = new URL(location.href).searchParams
  const place = sessionStorage.getItem(`place:${location.pathname}`)
  if (here.has("saved") && place) scrollTo(0, Number(place))
  if (here.has("saved")) one("tr.flash")?.scrollIntoView({ block: "nearest" })
  for (const name of ["saved", "done"]) if (here.has(name)) remember(name, "")
  const undo = /** @type {HTMLElement | null} */ (one("[data-undo]"))
  if (undo) {
    undo.querySelector("button")?.focus()
    setTimeout(() => undo.remove(), Number(undo.dataset.undo) * 1000)
  }
  const open = here.get("open")
  const row = open && /** @type {HTMLAnchorElement | null} */ (document.getElementById(`r-${open}`)?.querySelector("[data-row]"))
  if (row && wide.matches) void openBeside(row)
}

begin()
