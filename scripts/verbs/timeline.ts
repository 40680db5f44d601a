import { Command, InvalidArgumentError } from 'commander'
import type { PortfolioEvent } from '../../core/event.js'
import { isoInstant } from '../../core/time.js'
import { readTimeline, type TimelineMoment } from '../../server/report/timeline.js'
import { type Answer, type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { readProcessEnvironment } from '../cli/environment.js'
import { formatTime } from '../cli/format.js'
import { withServiceDatabase } from '../cli/service-database.js'
import type { Style } from '../cli/style.js'
import { VerbFailure } from '../cli/verb-failure.js'
import { describeEvaluation } from '../explain/describe-cell.js'
import { describeEvent } from '../explain/describe-moment.js'

interface Options extends JsonOption {
  readonly portfolio?: string
  readonly limit: number
}

/** Returns the verb that tells what happened to one asset or instrument, from the log of its portfolio. */
export function timelineCommand(): Command {
  return new Command('timeline')
    .description(
      'Tell what happened to an asset or instrument, oldest first: each evaluation with what it saw, orders, fills, ' +
        'anchors, dividends. It reads the database, whether the service runs or not',
    )
    .argument('<instrument>', 'such as KO')
    .option('--portfolio <id>', 'which portfolio; may be left out when there is one')
    .option('--limit <count>', 'most moments, the latest', parseCount, 200)
    .option('--json', jsonHelp)
    .action((instrument: string, options: Options) => printAnswer(options, () => tell(instrument, options)))
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number above 0.')
}

async function tell(instrument: string, { portfolio: named, limit }: Options): Promise<Answer> {
  return withServiceDatabase(readProcessEnvironment(), async ({ pool }) => {
    const { rows } = await pool.query<{ id: string; currency: string }>(
      'select id, currency from portfolios order by id',
    )
    const portfolio = choose(rows, named)
    const moments = await readTimeline(pool, { portfolio: portfolio.id, instrument, limit })
    const document = { portfolio: portfolio.id, instrument, items: moments.map(momentDocument) }
    return { document, describe: (style: Style) => describe(moments, portfolio.currency, style) }
  })
}

interface PortfolioRow {
  readonly id: string
  readonly currency: string
}

function choose(rows: readonly PortfolioRow[], named: string | undefined): PortfolioRow {
  const found = named === undefined && rows.length === 1 ? rows[0] : rows.find(({ id }) => id === named)
  if (found !== undefined) return found
  const remedy = `Choose one with --portfolio: ${rows.map(({ id }) => id).join(', ')}`
  const what = named === undefined ? `There are ${rows.length} portfolios` : `There is no portfolio ${named}`
  throw new VerbFailure(`${what}. ${remedy}`, { code: 'PORTFOLIO_UNKNOWN', remedy })
}

function momentDocument({ seq, at, inputId, inputType, event }: TimelineMoment) {
  return { seq, at: isoInstant(at), inputId, inputType, ...event }
}

function describe(moments: readonly TimelineMoment[], currency: string, style: Style): string {
  if (moments.length === 0) return 'Nothing is recorded of it\n'
  return moments
    .map(({ at, event }) => {
      const lines = [describeMoment(event, currency), ...details(event, currency)]
      return `${style.strong(formatTime(at))}  ${lines.join(`\n${' '.repeat(6)}`)}\n`
    })
    .join('')
}

function describeMoment(event: PortfolioEvent, currency: string): string {
  if (event.type !== 'DecisionMade') return describeEvent(event, currency)
  const { id, kind, outcome, reasons } = event.decision
  return `${kind} ${outcome} (${reasons.join(', ')}), ${id}`
}

function details(event: PortfolioEvent, currency: string): readonly string[] {
  if (event.type !== 'DecisionMade' || event.decision.evaluation === undefined) return []
  return describeEvaluation(event.decision.evaluation, currency)
}
