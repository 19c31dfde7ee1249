// @ts-check
/**
 * Keeps the live parts of every open tab fresh over one connection of the whole browser.
 *
 * Whoever holds the lock listens to `/live` and tells the others what was announced; each tab fetches its own parts anew.
 * When that tab closes, the lock, and with it the listening, goes to another.
 */
const NAME = "central-live"
const LEAST_MS = 400 // a shop that sells every second must not make every open page be drawn for each sale

/** @typedef {{ended?: boolean, topics?: string[]}} News */

/** @type {WeakMap<HTMLElement, {text: string, busy: boolean, again: boolean}>} */
const states = new WeakMap()
/** Parts come and go with what a page shows. @returns {HTMLElement[]} */
const parts = () => [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-live]"))]
const channel = new BroadcastChannel(NAME)

/** @param {News} news */
function hear(news) {
  if (news.ended) return location.reload() // signed out, or somebody may do something else now
  for (const part of parts()) {
    const follows = (part.dataset.topics ?? "").split(" ")
    if (!news.topics || news.topics.some((topic) => follows.includes(topic))) void refresh(part)
  }
}

/** @param {HTMLElement} part */
async function refresh(part) {
  const state = states.get(part) ?? { text: "", busy: false, again: false }
  states.set(part, state)
  if (state.busy) { state.again = true; return }
  state.busy = true
  do {
    state.again = false
    await draw(part, state)
    await new Promise((done) => setTimeout(done, LEAST_MS))
  } while (state.again)
  state.busy = false
}

/**
 * @param {HTMLElement} part
 * @param {{text: string}} state
 */
async function draw(part, state) {
  try {
    const answer = await fetch(part.dataset.live ?? "", { headers: { "HX-Request": "true" } })
    if (answer.headers.has("HX-Redirect")) return location.reload()
    const text = await answer.text()
    if (answer.ok && text !== state.text) show(part, state, text)
  } catch {
    // the server is away: what stands there stays, and the next announcement brings it up to date
  }
}

/**
 * @param {HTMLElement} part
 * @param {{text: string}} state
 * @param {string} text
 */
function show(part, state, text) {
  state.text = text
  const open = [...part.querySelectorAll("details[open][id]")].map((one) => one.id)
  const held = document.activeElement
  const place = held && part.contains(held) ? held.getAttribute("href") : null
  part.innerHTML = text // our own page, drawn and escaped by our own server
  for (const id of open) document.getElementById(id)?.setAttribute("open", "")
  if (place) /** @type {HTMLElement | null} */ (part.querySelector(`[href="${CSS.escape(place)}"]`))?.focus()
  document.dispatchEvent(new CustomEvent("live:shown"))
}

/** @param {News} news */
function tell(news) {
  channel.postMessage(news)
  hear(news)
}

/** Listen as long as this tab is open. @returns {Promise<never>} */
function listen() {
  const stream = new EventSource("/live")
  stream.addEventListener("open", () => tell({})) // nobody knows what happened while nobody listened
  stream.addEventListener("changed", (event) => tell({ topics: event.data.split(" ") }))
  stream.addEventListener("ended", () => { stream.close(); tell({ ended: true }) })
  return new Promise(() => {})
}

if (parts().length) {
  channel.addEventListener("message", (event) => hear(event.data))
  hear({}) // and what happened between the drawing of this page and now
  // Over plain HTTP there are no locks: each tab then listens for itself.
  if (navigator.locks) void navigator.locks.request(NAME, listen)
  else void listen()
}
