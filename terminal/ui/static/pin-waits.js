// @ts-check
/** Until when the till looks at nobody's next PIN, by operator: it says so with a wrong one, and a reload does not forget it. */

const KEPT = "cassaforte.pin_waits"

/** @returns {Record<string, number>} */
function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "{}")
  } catch {
    return {}
  }
}

/** @param {string} operator @param {number} seconds from now; 0 when nothing is waited for any more */
export function noteWait(operator, seconds) {
  sessionStorage.setItem(KEPT, JSON.stringify({ ...kept(), [operator]: Date.now() + seconds * 1000 }))
}

/** @param {string} operator @returns {number} whole seconds, 0 when the next PIN is looked at at once */
export function secondsLeft(operator) {
  return Math.max(0, Math.ceil(((kept()[operator] ?? 0) - Date.now()) / 1000))
}
