// @ts-check
/** Connects the socket to the elements. It holds the last view and which panel is open; everything else is the daemon's. */
import "./components/index.js"
import { Acts } from "./acts.js"
import { Keyboard } from "./keyboard.js"
import { Link } from "./link.js"
import { followedBy } from "./panel-kinds.js"
import { Panels } from "./panels.js"
import { soundBad, soundGood } from "./sound.js"
import { loadTexts, textsVersion, t, typingSettings } from "./texts.js"

const LANGUAGE = "cassaforte.language"
const LOOK = "cassaforte.look"
const CODES = "/api/v1/sale/codes"
const NOT_A_NOTICE = /^(?:request|bad_input|internal|storage|sale\.another)/

/** @param {string} selector @returns {any} */
const find = (selector) => document.querySelector(selector)

const page = {
  /** @type {import("./types.js").View | null} */
  view: null,
  fault: "",
  faultOf: "",
  /** What is under way: the same again is not sent beside it. @type {Set<string>} */
  waiting: new Set(),
}
const panels = new Panels(find("#panel"), (path) => link.read(path))
const link = new Link({ view: show, notice: () => soundBad(), state: linked })
/** @type {import("./components/modal-layer.js").ModalLayer} */
const layer = find("modal-layer")
const acts = new Acts(link, layer, () => page.view)
const keyboard = new Keyboard({
  pad: () => (layer.isOpen ? layer.pad : panels.pad),
  search: () => (layer.isOpen ? null : panels.searchInput),
  takesCodes: () => ["selling", "paying", "done"].includes(page.view?.screen ?? ""),
  code: addCode,
  shortcut,
})

start()

async function start() {
  if (localStorage.getItem(LOOK)) document.documentElement.dataset.look = localStorage.getItem(LOOK) ?? ""
  const asked = new URLSearchParams(location.search).get("lang")
  const language = asked ?? localStorage.getItem(LANGUAGE) ?? document.documentElement.lang
  await speak(language)
  link.open(language)
}

/** @param {string} language */
async function speak(language) {
  await loadTexts(language).catch(() => undefined)
  keyboard.typist.settings = typingSettings() ?? keyboard.typist.settings
  document.documentElement.lang = language
  document.title = t("title")
}

/** @param {import("./types.js").View} view */
async function show(view) {
  if (textsVersion() !== view.texts_version) await speak(view.language)
  if (view !== link.view) return // a newer one came while its words were fetched, and is drawn
  const before = page.view
  page.view = view
  soundOf(before, view)
  find("live-words").view = view
  draw()
}

function draw() {
  const view = page.view
  if (!view) return
  find("#loading").hidden = true
  find("#stage").hidden = false
  layer.draw({ view, fault: page.fault }) // first: panels take the focus that it gives back
  panels.draw(view)
  document.body.dataset.screen = view.screen
  document.body.dataset.panel = panels.name
  find("till-status").view = view
  find("sale-totals").view = view
  find("#sale").setAttribute("aria-label", t("sale"))
  find("attention-list").items = { view, fault: page.fault }
  find("action-bar").view = view
  // last, because the rest takes its room first and the newest line must end up in view
  find("sale-lines").lines = { sale: view.sale, chosen: panels.panel.line }
}

/** @param {import("./types.js").View | null} before @param {import("./types.js").View} view */
function soundOf(before, view) {
  const newest = view.sale?.lines.find((line) => line.newest)
  const known = before?.sale?.lines.find((line) => line.newest)
  if (before && view.sale?.tenders.some((tender) => turnedBad(tender, before))) soundBad()
  if (before && newest && newest.id !== known?.id && view.sale?.lines.length !== before.sale?.lines.length) soundGood()
}

/** @param {import("./types.js").OpenTenderView} tender @param {import("./types.js").View} before */
function turnedBad({ id, card }, before) {
  const known = before.sale?.tenders.find((tender) => tender.id === id)
  return Boolean(card && /declined|unknown/.test(card.step) && card.step !== known?.card?.step)
}

/** @param {import("./link.js").LinkState} state */
function linked(state) {
  find("connection-banner").link = state
  layer.link = state
  find("#stage").toggleAttribute("data-overdue", state.overdue)
}

/**
 * Send what was tapped, unless the same is under way or an earlier one has no answer yet: then it is not known what this would add to.
 * @param {string} path @param {Record<string, unknown>} body @param {string} [then] @param {string} [what]
 * @param {import("./types.js").Sure | null} [sure]
 * @returns {Promise<void> | null} null when it is not taken
 */
function take(path, body, then, what, sure) {
  const key = path + JSON.stringify(body)
  if (link.state.overdue || page.waiting.has(key)) return null
  page.waiting.add(key)
  return send(path, body, then, what, sure).finally(() => page.waiting.delete(key))
}

/**
 * @param {string} path @param {Record<string, unknown>} body @param {string} [then] @param {string} [what]
 * @param {import("./types.js").Sure | null} [sure]
 */
async function send(path, body, then, what = "", sure = null) {
  const answer = await acts.send(path, body, what, sure)
  if (answer?.data.code === "pin.asked_again") return // by this page: it waits for the newer one
  const next = answer && !answer.ok && path !== CODES && page.view ? followedBy(answer.data, page.view) : undefined
  if (answer?.ok || !answer) answered(body)
  else if (next) panels.show(next)
  else if (path !== CODES || NOT_A_NOTICE.test(answer.data.code)) setFault(answer.data.detail, faultOf(body)) // else the view has it
  if (!answer?.ok) panels.refused(path, body)
  if (answer?.ok && then) panels.show({ name: then })
  draw()
}

/** @param {Record<string, unknown>} body @returns {string} whom a refusal is about, where it is somebody's PIN */
function faultOf({ operator }) {
  return typeof operator === "string" ? operator : ""
}

/** What succeeds answers what was refused before, but not what was refused to somebody else meanwhile. @param {Record<string, unknown>} body */
function answered(body) {
  if (!page.faultOf || page.faultOf === faultOf(body)) setFault("")
}

/** @param {string} text @param {string} [of] */
function setFault(text, of = "") {
  page.fault = text
  page.faultOf = of
  find("live-words").alarm(text)
  if (text) soundBad()
}

/** @param {string} code */
function addCode(code) {
  void send(CODES, { code })
}

/** @param {string} name @returns {boolean} whether the key meant something here */
function shortcut(name) {
  const view = page.view
  if (layer.isOpen) return layer.shortcut(name)
  if (!view) return false
  if (name === "previous" || name === "next") return moveAlongLines(name === "next" ? 1 : -1)
  else if (name === "remove") return removeLine()
  else if (!panels.shortcut(name, view)) return false
  draw()
  return true
}

/** @param {number} step @returns {boolean} */
function moveAlongLines(step) {
  /** @type {HTMLButtonElement[]} */
  const buttons = find("sale-lines").buttons
  if (!buttons.length) return false
  const place = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement))
  const next = place < 0 ? buttons.length - 1 : Math.min(Math.max(place + step, 0), buttons.length - 1)
  buttons[next]?.focus()
  return true
}

/** @returns {boolean} */
function removeLine() {
  const line = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.line
  if (line) void take(`/api/v1/sale/lines/${line}/void`, {})
  return Boolean(line)
}

document.addEventListener("till-act", async (event) => {
  const { path, body, then, sure, button } = /** @type {CustomEvent} */ (event).detail
  const sent = take(path, body, then, button?.dataset.act ?? button?.textContent, sure)
  if (!sent) return event.preventDefault()
  button?.setAttribute("aria-busy", "true")
  await sent
  button?.removeAttribute("aria-busy")
})

document.addEventListener("till-show", (event) => {
  panels.show(/** @type {CustomEvent} */ (event).detail)
  draw()
})

document.addEventListener("till-back", () => shortcut("back"))

document.addEventListener("till-fault-seen", () => {
  setFault("")
  draw()
})

document.addEventListener("till-language", (event) => {
  const language = /** @type {CustomEvent} */ (event).detail
  localStorage.setItem(LANGUAGE, language)
  link.speak(language)
})

document.addEventListener("till-look", () => {
  const dark = getComputedStyle(document.documentElement).getPropertyValue("--is-dark").trim() === "1"
  const look = dark ? "light" : "dark"
  document.documentElement.dataset.look = look
  localStorage.setItem(LOOK, look)
})
