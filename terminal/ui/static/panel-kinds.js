// @ts-check
/** The one registry of panels and of the layer's questions. Each describes itself beside its element; whoever shows them knows none by name. */

/** @typedef {import("./types.js").View} View */
/** @typedef {import("./types.js").Panel} Panel */
/** @typedef {{read: (path: string) => Promise<any>, search: (words: string) => Promise<any>, fill: (panel: Panel) => void}} Ways */
/** @typedef {{code: string, values: any}} Refusal */
/**
 * `title` and the second of each of `keys` are names of texts, the first a key or the name of a text; `focus` is where the focus goes when
 * it comes up; `opens` is the shortcut that brings it, on the screens of `on`; `stands` says whether it still has a meaning;
 * `once` fills it when it comes up, because it must not change under the finger, `draw` with every view; `calls` says of a question of the
 * layer that the view itself asks it, and of what; `notices` are the kinds of notice that bring it, `follows` says which panel, if any, goes on
 * from an act that was refused.
 * @typedef {{name: string, elements: string[], title: string, keys?: [string, string][], focus?: string, opens?: string,
 *   on?: string[], stands?: (panel: Panel, view: View) => boolean, once?: (element: any, panel: Panel, view: View, ways: Ways) => void,
 *   draw?: (element: any, panel: Panel, view: View) => void, shortcut?: (element: any, name: string) => boolean,
 *   calls?: (view: View) => Panel | undefined, notices?: string[], follows?: (refusal: Refusal, view: View) => Panel | undefined}} PanelKind
 */

/** @type {Map<string, PanelKind>} */
const kinds = new Map()
const ON_SALE = ["selling"]
const AT_TITLE = "h2[tabindex]"

/** @param {PanelKind} kind */
export function describePanel(kind) {
  kinds.set(kind.name, kind)
}

/** @param {string} name */
export function panelKind(name) {
  const kind = kinds.get(name)
  if (!kind) throw new Error(name)
  return { on: ON_SALE, focus: AT_TITLE, keys: [], ...kind }
}

/** @param {string} shortcut @param {View} view @returns {PanelKind | undefined} the panel that a key brings here */
export function openedBy(shortcut, view) {
  const kind = [...kinds.values()].find(({ opens }) => opens === shortcut)
  if (!kind || !(kind.on ?? ON_SALE).includes(view.screen)) return undefined
  return kind.stands?.({ name: kind.name }, view) === false ? undefined : kind
}

/** @param {View} view @returns {Panel | undefined} the question that the view asks, whatever this page did before */
export function calledBy(view) {
  for (const { calls } of kinds.values()) {
    const called = calls?.(view)
    if (called) return called
  }
  return undefined
}

/** @param {View} view @returns {Panel | undefined} the panel that a notice brings */
export function noticedBy(view) {
  for (const notice of view.notices) {
    const kind = [...kinds.values()].find(({ notices = [] }) => notices.includes(notice.kind))
    if (kind) return { name: kind.name, notice }
  }
  return undefined
}

/** @param {Refusal} refusal @param {View} view @returns {Panel | undefined} the panel that goes on from a refusal */
export function followedBy(refusal, view) {
  for (const { follows } of kinds.values()) {
    const panel = follows?.(refusal, view)
    if (panel) return panel
  }
  return undefined
}

/**
 * Whether a tender that a question is about is still as it was when it was asked; a question about none stands.
 * @param {Panel} panel @param {View} view @returns {boolean}
 */
export function sameTender({ tender }, { sale }) {
  return !tender || Boolean(sale?.tenders.some(({ id, state, card }) => id === tender.id && state === tender.state && card?.step === tender.card?.step))
}

/** @returns {[string, string][]} every key that panels have */
export function panelKeys() {
  return [...kinds.values()].flatMap(({ keys = [] }) => keys)
}
