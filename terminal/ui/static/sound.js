// @ts-check
/** A good scan sounds short and high, a bad one long and low: heard without looking. */

/** @type {AudioContext | null} */
let context = null

/** @param {number} hertz @param {number} from_s @param {number} length_s @param {OscillatorType} shape */
function tone(hertz, from_s, length_s, shape) {
  context ??= new AudioContext()
  if (context.state === "suspended") void context.resume()
  const [source, volume] = [context.createOscillator(), context.createGain()]
  const start = context.currentTime + from_s
  source.type = shape
  source.frequency.value = hertz
  volume.gain.setValueAtTime(0.12, start)
  volume.gain.exponentialRampToValueAtTime(0.001, start + length_s)
  source.connect(volume).connect(context.destination)
  source.start(start)
  source.stop(start + length_s)
}

export function soundGood() {
  tone(1320, 0, 0.09, "sine")
}

export function soundBad() {
  tone(220, 0, 0.22, "square")
  tone(165, 0.24, 0.3, "square")
}
