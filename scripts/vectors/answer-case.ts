import type { PortfolioSettings } from '../../core/settings.js'
import { etfBalancerVector } from './etf-balancer.js'
import { limitRebalancerVector } from './limit-rebalancer.js'
import { spotRebalancerVector } from './spot-rebalancer.js'
import { trendVector, type VectorCase } from './trend.js'
import { volatilityVector } from './volatility.js'

/** Returns the result of a case, null for a capability that is not known. Throws where the input gives none. */
type Answerer = (settings: PortfolioSettings, vector: VectorCase) => unknown

const ANSWERERS = {
  trend: trendVector,
  'etf-balancer': (_settings, vector) => etfBalancerVector(vector),
  'limit-rebalancer': (_settings, vector) => limitRebalancerVector(vector),
  'spot-rebalancer': (_settings, vector) => spotRebalancerVector(vector),
  'volatility-balancing': (_settings, vector) => volatilityVector(vector),
} as const satisfies Record<string, Answerer>

/** A family of published cases. */
export type VectorFamily = keyof typeof ANSWERERS

/** Every family, in the order of the strategies they belong to. */
export const VECTOR_FAMILIES = Object.keys(ANSWERERS) as readonly VectorFamily[]

/** Capabilities whose answer is null where a text spells no amount. */
const MAY_BE_NULL: ReadonlySet<string> = new Set(['parse_money'])

/** The answer to one case. */
export type VectorAnswer =
  | { readonly id: unknown; readonly result: unknown }
  | { readonly id: unknown; readonly skipped: string }

/** A line of cases, with its number from 1. */
export interface VectorLine {
  readonly text: string
  readonly number: number
}

/** Returns the answer to a line. Never throws: what cannot be computed says why, and malformed lines by their number. */
export function answerCase(
  family: VectorFamily,
  settings: PortfolioSettings,
  line: VectorLine,
): VectorAnswer {
  const parsed = parseLine(line)
  if (typeof parsed === 'string') return { id: null, skipped: parsed }
  const { id } = parsed
  if (!isCase(parsed)) {
    return { id: id ?? null, skipped: `line ${line.number} is no case: it needs id, capability and input` }
  }
  const answer: Answerer = ANSWERERS[family]
  try {
    const result = answer(settings, parsed)
    if (result === null && !MAY_BE_NULL.has(parsed.capability))
      return { id, skipped: `the capability ${parsed.capability} is not known` }
    const empty = findEmpty(result, '')
    if (empty !== null) return { id, skipped: `its input gives no number for ${empty}` }
    return { id, result }
  } catch (error) {
    return { id, skipped: `its input cannot be computed: ${error instanceof Error ? error.message : error}` }
  }
}

function parseLine({ text, number }: VectorLine): Partial<VectorCase> | string {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
    return `line ${number} is not a JSON object`
  } catch (error) {
    return `line ${number} is not JSON: ${error instanceof Error ? error.message : error}`
  }
}

function isCase(value: Partial<VectorCase>): value is VectorCase {
  const { id, capability, input } = value
  const hasId = typeof id === 'string' || typeof id === 'number'
  return hasId && typeof capability === 'string' && input !== undefined && input !== null
}

/** Returns where a result holds NaN, infinity or nothing, which JSON cannot tell; null when it does not. */
function findEmpty(value: unknown, path: string): string | null {
  if (value === undefined || (typeof value === 'number' && !Number.isFinite(value))) return path
  if (typeof value !== 'object' || value === null) return null
  for (const [key, field] of Object.entries(value)) {
    const found = findEmpty(field, path === '' ? key : `${path}.${key}`)
    if (found !== null) return found
  }
  return null
}
