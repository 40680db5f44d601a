import type { AskAdmin } from '../admin-port.js'
import { escapeHtml } from './notice-message.js'
import { describePortfolio, describePositions, describeWaiting } from './telegram-answers.js'

/** A command of a user who may give it. */
export interface GivenCommand {
  /** As it was written: /pause paper lunch. */
  readonly text: string
  /** The same whenever the same message comes again: a command is carried out once. */
  readonly key: string
  /** Who gives it, for the record. */
  readonly by: string
}

/** What the commands depend on. */
export interface TelegramCommandsOptions {
  readonly ask: AskAdmin
  /** Ids of the portfolios of the configuration. */
  readonly portfolios: readonly string[]
}

interface Words {
  readonly key: string
  readonly by: string
  readonly words: readonly string[]
}

const HELP = `/status — how every portfolio stands
/positions — what is held
/approve — what waits for an approval
/approve ID, /reject ID [why] — answer one of them
/pause [portfolio] [why] — open nothing new: exits, stops and reductions go on
/resume [portfolio] [why] — let everything run again`

/** What users write to a bot, carried out through the endpoints of the admin listener. */
export class TelegramCommands {
  readonly #options: TelegramCommandsOptions

  constructor(options: TelegramCommandsOptions) {
    this.#options = options
  }

  /** Carries out a command and returns the answer, as HTML; null for what is no command. Rejects when asking fails. */
  async run({ text, key, by }: GivenCommand): Promise<string | null> {
    const [first = '', ...words] = text.trim().split(/\s+/)
    if (!first.startsWith('/')) return null
    // In a group a command may name its bot: /status@general_bot.
    const name = first.slice(1).split('@')[0]?.toLowerCase()
    const given = { key, by, words }
    switch (name) {
      case 'status':
        return this.#forEach((id) => this.#status(id))
      case 'positions':
        return this.#forEach((id) => this.#positions(id))
      case 'pause':
        return this.#setState('reducing', given)
      case 'resume':
        return this.#setState('active', given)
      case 'approve':
      case 'reject':
        return this.#answer(name === 'approve', given)
      case 'start':
      case 'help':
        return escapeHtml(HELP)
      default:
        return `There is no command ${escapeHtml(first)}\n${escapeHtml(HELP)}`
    }
  }

  async #forEach(tell: (portfolio: string) => Promise<string>): Promise<string> {
    const told: string[] = []
    for (const id of this.#options.portfolios) told.push(await tell(id))
    return told.join('\n\n')
  }

  async #status(id: string): Promise<string> {
    const found = await this.#get(`/v1/portfolios/${id}`)
    if ('refused' in found) return `<b>${id}</b> ${found.refused}`
    const waiting = await this.#get(`/v1/portfolios/${id}/approvals`)
    return describePortfolio(found.body, 'refused' in waiting ? null : waiting.body)
  }

  async #positions(id: string): Promise<string> {
    const found = await this.#get(`/v1/portfolios/${id}/positions`)
    return 'refused' in found ? `<b>${id}</b> ${found.refused}` : describePositions(id, found.body)
  }

  async #waiting(id: string): Promise<string> {
    const found = await this.#get(`/v1/portfolios/${id}/approvals`)
    return 'refused' in found ? `<b>${id}</b> ${found.refused}` : describeWaiting(id, found.body)
  }

  /** The first word is a portfolio when it is called so, and the first of why otherwise. */
  async #setState(state: 'reducing' | 'active', { key, by, words }: Words): Promise<string> {
    const { portfolios } = this.#options
    const named = portfolios.find((id) => id === words[0])
    const why = words.slice(named === undefined ? 0 : 1).join(' ')
    const told: string[] = []
    for (const id of named === undefined ? portfolios : [named]) {
      const body = { state, reason: reasonOf(by, why) }
      const done = await this.#post(`/v1/portfolios/${id}/trading-state`, key, body)
      told.push(`<b>${id}</b> ${done === null ? STATES[state] : done}`)
    }
    return told.join('\n')
  }

  async #answer(isApproved: boolean, { key, by, words }: Words): Promise<string> {
    const [id, ...why] = words
    if (id === undefined) return this.#forEach((portfolio) => this.#waiting(portfolio))
    const portfolio = await this.#portfolioOf(id)
    if (portfolio === null) return `There is no approval <code>${escapeHtml(id)}</code>`
    const body = { approve: isApproved, reason: reasonOf(by, why.join(' ')) }
    const path = `/v1/portfolios/${portfolio}/approvals/${encodeURIComponent(id)}`
    const refused = await this.#post(path, key, body)
    if (refused !== null) return refused
    return isApproved ? 'Approved, and ordered' : 'Rejected'
  }

  async #portfolioOf(approval: string): Promise<string | null> {
    for (const id of this.#options.portfolios) {
      const found = await this.#get(`/v1/portfolios/${id}/approvals/${encodeURIComponent(approval)}`)
      if (!('refused' in found)) return id
    }
    return null
  }

  async #get(path: string): Promise<{ readonly body: unknown } | { readonly refused: string }> {
    const { status, body } = await this.#options.ask({ path })
    return status < 300 ? { body } : { refused: refusalOf(body, status) }
  }

  /** Returns null when it was carried out, and why not otherwise. */
  async #post(path: string, key: string, body: unknown): Promise<string | null> {
    const answer = await this.#options.ask({ path, command: { key, body } })
    return answer.status < 300 ? null : refusalOf(answer.body, answer.status)
  }
}

const STATES = {
  reducing: 'Paused: nothing new is opened; exits, stops and reductions go on. /resume undoes it',
  active: 'Active: everything runs',
} as const

const LONGEST_REASON = 500

function reasonOf(by: string, why: string): string {
  return `${by}${why === '' ? '' : `: ${why}`}`.slice(0, LONGEST_REASON)
}

function refusalOf(body: unknown, status: number): string {
  const { detail, title } = body as { readonly detail?: string; readonly title?: string }
  return escapeHtml(detail ?? title ?? `It was refused with ${status}`)
}
