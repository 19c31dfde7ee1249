// @ts-check
/** The page's words. They come from the daemon in the page's language; here they are only kept and filled. */

/** @type {Record<string, string>} */
let words = {}
let version = ""
/** @type {import("./typing.js").Typing | null} */
let typing = null

/** @param {string} name @param {Record<string, string | number>} [values] @returns {string} */
export function t(name, values = {}) {
  const text = (values.count === 1 && words[`${name}.one`]) || words[name] || ""
  return text.replace(/\{(\w+)\}/g, (_, key) => String(values[key] ?? ""))
}

/** @param {string} language @returns {Promise<void>} */
export async function loadTexts(language) {
  const answer = await fetch(`/api/v1/texts?lang=${encodeURIComponent(language)}`)
  const told = await answer.json()
  words = told.texts
  version = told.texts_version
  typing = told.typing
}

/** @returns {import("./typing.js").Typing | null} how a scan is told from typing at this till; null before the first words */
export function typingSettings() {
  return typing
}

/** @returns {string} which words are here; empty before the first */
export function textsVersion() {
  return version
}
