// @ts-check
/** The last view, kept whole: the daemon sends what changed in it. Nothing is understood here, only put in its place. */

/**
 * @param {import("./types.js").View} view @param {import("./types.js").ChangesFrame} frame
 * @returns {import("./types.js").View}
 */
export function changed(view, { revision, sections, lines }) {
  const { sale, ...others } = sections
  const head = sale === undefined ? view.sale : sale
  const kept = view.sale?.lines ?? []
  return { ...view, ...others, revision, sale: head && { ...head, lines: lines ? changedLines(kept, lines) : kept } }
}

/** @param {import("./types.js").LineView[]} lines @param {import("./types.js").LineChanges} changes */
function changedLines(lines, { removed, set }) {
  const gone = new Set(removed)
  const staying = lines.filter(({ id }) => !gone.has(id)).map((line, place) => ({ ...line, position: place + 1 }))
  const all = new Map([...staying, ...set].map((line) => [line.id, line]))
  return [...all.values()].sort((a, b) => a.position - b.position)
}
