// @ts-check
/** Keeps the paper page up to date: asks again every few seconds and changes it only when something was printed. */

const AGAIN_MS = 2000

async function refresh() {
  const answer = await fetch(location.href).catch(() => null)
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html")
    const [shown, fresh] = [document.querySelector("main"), page.querySelector("main")]
    if (shown && fresh && shown.innerHTML !== fresh.innerHTML) shown.replaceChildren(...fresh.childNodes)
  }
  setTimeout(refresh, AGAIN_MS)
}

setTimeout(refresh, AGAIN_MS)
