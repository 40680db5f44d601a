import { dirname, join } from 'node:path/posix'
import { type Import, listImports, stripProse } from './source-text.js'

/** A file of the repository, its path from the root. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** Which directories may import a package; with `typesIn`, its types, and with `names`, these values, elsewhere. */
interface PackagePlace {
  readonly packages: RegExp
  readonly places: readonly string[]
  readonly typesIn?: readonly string[]
  readonly names?: readonly string[]
}

const packagePlaces: readonly PackagePlace[] = [
  { packages: /^(@fastify\/.*|fastify.*)$/, places: ['server/http/'] },
  { packages: /^pg$/, places: ['server/db/'], typesIn: ['server/', 'scripts/'] },
  { packages: /^kysely$/, places: ['server/db/', 'migrations/'], typesIn: ['server/'], names: ['sql'] },
  { packages: /^(bullmq|ioredis)$/, places: ['server/queue/'] },
  { packages: /^(pino.*|prom-client)$/, places: ['server/observe/'] },
  {
    packages: /^zod$/,
    places: ['server/config/', 'server/inbox/', 'server/journal/codec/', 'server/http/', 'server/brokers/'],
  },
  { packages: /^ccxt$/, places: ['server/brokers/ccxt/'] },
  { packages: /^ws$/, places: ['server/brokers/openalgo/'] },
  { packages: /^(commander|cli-table3|cli-progress)$/, places: ['scripts/'] },
  { packages: /^csv-parse/, places: ['server/csv/'] },
  { packages: /^grammy$/, places: ['server/notify/'] },
  { packages: /^luxon$/, places: ['server/', 'scripts/'] },
]

/** What makes the core depend on more than its arguments. */
const impurities: readonly [RegExp, string][] = [
  [/\bDate\.now\b/, 'Date.now'],
  [/\bnew Date\(/, 'new Date('],
  [/\bMath\.random\b/, 'Math.random'],
  [/\bprocess\./, 'process.'],
  [/\bconsole\./, 'console.'],
  [/\bset(Timeout|Interval|Immediate)\b/, 'setTimeout'],
  [/\basync\b|\bawait\b/, 'async'],
  [/\bfetch\(/, 'fetch'],
  [/\bglobalThis\b/, 'globalThis'],
]

/** A word that says that something is left to do; put together so that this file does not hold it. */
const leftovers = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b`)
const registries = new RegExp(
  ['registry\\.' + 'npmjs', 'registry\\.' + 'yarnpkg', 'npm\\.pkg\\.' + 'github'].join('|'),
)
const uncheckedTypes = new RegExp(`@ts-${'ignore'}|@ts-${'nocheck'}|@ts-${'expect-error'}`)

const lineLimits = { source: 400, test: 700 } as const

/** Everything that breaks a rule of the house in one file, as sentences. */
export function findViolations(file: SourceFile): string[] {
  const general = [...leftoverViolations(file), ...registryViolations(file)]
  if (!file.path.endsWith('.ts')) return general
  return [...general, ...importViolations(file), ...codeViolations(file), ...lengthViolations(file)]
}

function importViolations(file: SourceFile): string[] {
  return listImports(file.text).flatMap((found) => {
    const reason = found.specifier.startsWith('.')
      ? refuseRelative(file.path, join(dirname(file.path), found.specifier))
      : refusePackage(file.path, found)
    return reason ? [`${file.path} imports ${found.specifier}: ${reason}`] : []
  })
}

/** Why a module may not import another one of ours; undefined when it may. */
function refuseRelative(from: string, to: string): string | undefined {
  const [room, target] = [from.split('/')[0], to.split('/')[0]]
  if (room === 'test') return undefined
  if (target === 'test') return 'nothing imports tests'
  if (room === 'core') return refuseInCore(from, to)
  if (room === 'server' && target === 'scripts') return 'the server does not know the command line'
  if (room === 'migrations' && target !== 'migrations') return 'a migration must not change with the code'
  return refuseInBrokers(from, to)
}

function refuseInCore(from: string, to: string): string | undefined {
  if (!to.startsWith('core/')) return 'the core imports only the core'
  const [own, other] = [strategyOf(from), strategyOf(to)]
  if (own && other && own !== other) return 'strategies never import one another'
  if (isBelowStrategies(from) && to.startsWith('core/strategies/'))
    return 'what strategies stand on knows no strategies'
  return undefined
}

/** The kernel, watching and backtests bring strategies in; the other rooms of the core are what strategies stand on. */
function isBelowStrategies(path: string): boolean {
  return /^core\/(?!strategies\/|backtest\/)[^/]+\//.test(path)
}

function strategyOf(path: string): string | undefined {
  return /^core\/strategies\/([^/]+)\//.exec(path)?.[1]
}

function refuseInBrokers(from: string, to: string): string | undefined {
  if (!from.startsWith('server/brokers/')) return undefined
  if (/^server\/(db|journal)\//.test(to)) return 'a broker knows no database'
  const [own, other] = [brokerOf(from), brokerOf(to)]
  return own && other && own !== other ? 'brokers never import one another' : undefined
}

function brokerOf(path: string): string | undefined {
  return /^server\/brokers\/([^/]+)\//.exec(path)?.[1]
}

/** Why a module may not import a package; undefined when it may. */
function refusePackage(from: string, found: Import): string | undefined {
  if (from.startsWith('test/')) return undefined
  if (from.startsWith('core/')) {
    const isHash = from === 'core/ids.ts' && found.specifier === 'node:crypto' && `${found.names}` === 'hash'
    return isHash ? undefined : 'the core imports no package'
  }
  if (from.startsWith('server/brokers/') && /^(pg|kysely)$/.test(found.specifier))
    return 'a broker knows no database'
  const name = found.specifier.startsWith('@') ? found.specifier : (found.specifier.split('/')[0] ?? '')
  const rule = packagePlaces.find(({ packages }) => packages.test(name))
  if (!rule || rule.places.some((place) => from.startsWith(place))) return undefined
  const isHarmless = found.isType || found.names.every((value) => rule.names?.includes(value))
  const hasValues = !found.isType && found.names.length === 0
  if (isHarmless && !hasValues && rule.typesIn?.some((place) => from.startsWith(place))) return undefined
  return `it belongs in ${rule.places.join(' or ')}`
}

function codeViolations({ path, text }: SourceFile): string[] {
  const code = stripProse(text)
  const found: string[] = []
  if (path.startsWith('core/')) {
    for (const [pattern, name] of impurities) if (pattern.test(code)) found.push(`${path} uses ${name}`)
  }
  if (/\.test\.ts$/.test(path) && /\.(only|skip|todo)\(|\b(only|skip|todo):/.test(code)) {
    found.push(`${path} leaves a test out`)
  }
  if (uncheckedTypes.test(text) || /(:|\bas|<)\s*any\b/.test(code))
    found.push(`${path} switches the type check off`)
  const undocumented = findUndocumented(text)
  if (undocumented && !path.startsWith('migrations/'))
    found.push(`${path} exports ${undocumented} without saying what it is`)
  if (/^export default\b/m.test(code)) found.push(`${path} has a default export`)
  return found
}

/** The first export whose preceding line does not end a documenting comment. */
function findUndocumented(text: string): string | undefined {
  const lines = text.split('\n')
  const index = lines.findIndex((line, at) => {
    const before = lines.slice(0, at).findLast((previous) => !previous.includes('biome-ignore'))
    return (
      /^export (async |abstract )?(function|const|class|interface|type) /.test(line) &&
      !before?.endsWith('*/')
    )
  })
  return index === -1
    ? undefined
    : /(?:function|const|class|interface|type) (\w+)/.exec(lines[index] ?? '')?.[1]
}

function lengthViolations({ path, text }: SourceFile): string[] {
  const limit = path.startsWith('test/') ? lineLimits.test : lineLimits.source
  const lines = text.split('\n').length - 1
  return lines > limit ? [`${path} has ${lines} lines, more than ${limit}`] : []
}

function leftoverViolations({ path, text }: SourceFile): string[] {
  if (/^test\/(data|vectors)\//.test(path)) return []
  const line = text.split('\n').findIndex((content) => leftovers.test(content))
  return line === -1 ? [] : [`${path}:${line + 1} leaves something to do`]
}

function registryViolations({ path, text }: SourceFile): string[] {
  const found = registries.test(text) ? [`${path} names a package registry`] : []
  if (path !== 'package-lock.json') return found
  return /"resolved":/.test(text) ? [...found, `${path} holds addresses of packages`] : found
}
