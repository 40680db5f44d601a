import { DAY, type Instant, isoInstant, MINUTE, SECOND } from '../../core/time.js'

/** Returns a function that spells instants as 2009-02-13T14:15:00+05:30, in the zone that `offsetAt` describes. */
export function localTimeSpeller(offsetAt: (instant: Instant) => number): (instant: Instant) => string {
  const dates = new Map<number, string>()
  let lastInstant = Number.NaN
  let lastText = ''
  return (instant) => {
    // Rows of one bar follow each other.
    if (instant === lastInstant) return lastText
    const offset = offsetAt(instant)
    const local = instant + offset * MINUTE
    const day = Math.floor(local / DAY)
    let date = dates.get(day)
    if (date === undefined) {
      date = isoInstant(day * DAY).slice(0, 10)
      dates.set(day, date)
    }
    const seconds = Math.floor((local - day * DAY) / SECOND)
    const time = `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`
    lastInstant = instant
    lastText = `${date}T${time}${spellOffset(offset)}`
    return lastText
  }
}

function spellOffset(minutes: number): string {
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${two(size / 60)}:${two(size % 60)}`
}

function two(value: number): string {
  const whole = Math.floor(value)
  return whole < 10 ? `0${whole}` : String(whole)
}
