import type { Notice } from '../notice.js'

/** A button under a message, and what pressing it says. */
export interface Button {
  readonly text: string
  /** At most 64 bytes. */
  readonly data: string
}

/** A message as it is sent: HTML of Telegram's kind. */
export interface Message {
  readonly html: string
  readonly buttons: readonly Button[]
}

/** Telegram takes 4096 characters; what is escaped is counted as it is shown. */
const LONGEST_TEXT = 3500

/** Returns a text in which nothing is markup, cut to what a message may hold. */
export function escapeHtml(text: string): string {
  const shown = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text
  return shown.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** Returns HTML in parts that a message holds; markup that begins in a line ends in it. */
export function splitHtml(html: string): string[] {
  const parts: string[] = []
  for (const line of html.split('\n')) {
    const last = parts.at(-1)
    if (last === undefined || last.length + line.length >= LONGEST_TEXT) parts.push(line)
    else parts[parts.length - 1] = `${last}\n${line}`
  }
  return parts
}

/** Returns a notice as a message; one that asks a person has the buttons to answer with. `scrub` hides secrets. */
export function noticeMessage(notice: Notice, scrub: (text: string) => string): Message {
  const { portfolio, text, kind, data } = notice
  const place = portfolio === null ? '' : `<b>${escapeHtml(portfolio)}</b> `
  const html = `${place}${escapeHtml(scrub(text))}`
  const id = data.approvalId
  if (kind !== 'approvalRequested' || typeof id !== 'string') return { html, buttons: [] }
  const buttons = [
    { text: 'Approve', data: `approve ${id}` },
    { text: 'Reject', data: `reject ${id}` },
  ]
  return { html: `${html}\n<code>${escapeHtml(id)}</code>`, buttons }
}
