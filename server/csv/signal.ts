import type { EntrySignal } from '../../core/backtest/exported-trade.js'

const BASE = /^(?:EOD-)?ENTRY\b/i
const PYRAMID = /^PYR(\d+)?\b/i
const LABEL = /^Long_[1-9]\d{0,2}$/
const EXIT_LABEL = /^(?:Long_[1-9]\d{0,2}|ALL)$/
const POSITIVE = /^\d+(?:\.\d+)?$/

/** What an entry's comment says, or why it cannot be used. */
export type SignalReading = { readonly signal: EntrySignal } | { readonly problem: string }

/**
 * Reads the comment of an entry: `ENTRY-{n}L`, `EOD-ENTRY-{n}L` and `PYR{k}-{n}L`, each with optional tags
 * `|ATR:350|ER:0.82|STOP:51650|ST:51650|POS:Long_1|HI:52500`. Any other comment opens a base entry: a strategy of
 * someone else names its entries as it likes. ST and HI are for readers; unknown tags are ignored.
 */
export function readEntrySignal(comment: string): SignalReading {
  const { head, tags } = splitComment(comment)
  const numbers: Record<'ATR' | 'ER' | 'STOP', number | null> = { ATR: null, ER: null, STOP: null }
  for (const name of ['ATR', 'ER', 'STOP'] as const) {
    const text = tags.get(name)
    if (text === undefined || /^(?:|na|nan)$/i.test(text)) continue
    if (!POSITIVE.test(text)) return { problem: `the tag ${name}:${text} in "${comment}" is not a number` }
    numbers[name] = Number(text)
  }
  const position = tags.get('POS')
  if (position !== undefined && !LABEL.test(position)) {
    return { problem: `the tag POS:${position} in "${comment}" is not a label such as Long_1` }
  }
  const kind = kindOf(head, position)
  const label = position ?? labelOf(head)
  return { signal: { kind, label, atr: numbers.ATR, er: numbers.ER, stop: numbers.STOP } }
}

/** Reads the comment of an exit: the reason, and the unit that a POS tag names; a tag that names none is left out. */
export function readExitSignal(comment: string): { readonly reason: string; readonly label: string | null } {
  if (!comment.includes('|')) return { reason: comment, label: null }
  const { head, tags } = splitComment(comment)
  const position = tags.get('POS') ?? ''
  return { reason: head, label: EXIT_LABEL.test(position) ? position : null }
}

function splitComment(comment: string): { head: string; tags: Map<string, string> } {
  const [head = '', ...rest] = comment.split('|')
  return { head: head.trim(), tags: new Map(rest.map(nameAndValue)) }
}

function nameAndValue(tag: string): [string, string] {
  const colon = tag.indexOf(':')
  return colon === -1 ? [tag.trim(), ''] : [tag.slice(0, colon).trim(), tag.slice(colon + 1).trim()]
}

function kindOf(head: string, position: string | undefined): 'base' | 'pyramid' {
  if (PYRAMID.test(head)) return 'pyramid'
  if (BASE.test(head)) return 'base'
  return position === undefined || position === 'Long_1' ? 'base' : 'pyramid'
}

function labelOf(head: string): string {
  const pyramid = PYRAMID.exec(head)
  return pyramid === null ? 'Long_1' : `Long_${Number(pyramid[1] ?? 1) + 1}`
}
