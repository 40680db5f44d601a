import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { didYouMean } from '../server/config/did-you-mean.js'

/** Loads the command of a verb; a verb's modules are loaded only when it is the one that runs, or for the help. */
type LoadVerb = () => Promise<Command>

const verbs: Readonly<Record<string, LoadVerb>> = {
  start: async () => (await import('./verbs/start.js')).startCommand(),
  status: async () => (await import('./verbs/status.js')).statusCommand(),
  cells: async () => (await import('./verbs/cells.js')).cellsCommand(),
  evaluate: async () => (await import('./verbs/evaluate.js')).evaluateCommand(),
  plan: async () => (await import('./verbs/plan.js')).planCommand(),
  check: async () => (await import('./verbs/check.js')).checkCommand(),
  execute: async () => (await import('./verbs/execute.js')).executeCommand(),
  metrics: async () => (await import('./verbs/metrics.js')).metricsCommand(),
  prices: async () => (await import('./verbs/prices.js')).pricesCommand(),
  timeline: async () => (await import('./verbs/timeline.js')).timelineCommand(),
  positions: async () => (await import('./verbs/positions.js')).positionsCommand(),
  orders: async () => (await import('./verbs/orders.js')).ordersCommand(),
  decisions: async () => (await import('./verbs/decisions.js')).decisionsCommand(),
  alarms: async () => (await import('./verbs/alarms.js')).alarmsCommand(),
  explain: async () => (await import('./verbs/explain.js')).explainCommand(),
  exit: async () => (await import('./verbs/exit.js')).exitCommand(),
  halt: async () => (await import('./verbs/trading-state.js')).haltCommand(),
  reduce: async () => (await import('./verbs/trading-state.js')).reduceCommand(),
  resume: async () => (await import('./verbs/trading-state.js')).resumeCommand(),
  freeze: async () => (await import('./verbs/trading-state.js')).freezeCommand(),
  approve: async () => (await import('./verbs/approve.js')).approveCommand(),
  reconcile: async () => (await import('./verbs/reconcile.js')).reconcileCommand(),
  unlock: async () => (await import('./verbs/unlock.js')).unlockCommand(),
  roll: async () => (await import('./verbs/roll.js')).rollCommand(),
  cash: async () => (await import('./verbs/cash.js')).cashCommand(),
  backtest: async () => (await import('./verbs/backtest.js')).backtestCommand(),
  replay: async () => (await import('./verbs/replay.js')).replayCommand(),
  recover: async () => (await import('./verbs/recover.js')).recoverCommand(),
  migrate: async () => (await import('./verbs/migrate.js')).migrateCommand(),
  doctor: async () => (await import('./verbs/doctor.js')).doctorCommand(),
  broker: async () => (await import('./verbs/broker.js')).brokerCommand(),
  config: async () => (await import('./verbs/config.js')).configCommand(),
  calendar: async () => (await import('./verbs/calendar.js')).calendarCommand(),
  demo: async () => (await import('./verbs/demo.js')).demoCommand(),
  simulate: async () => (await import('./verbs/simulate.js')).simulateCommand(),
  bench: async () => (await import('./verbs/bench.js')).benchCommand(),
  pine: async () => (await import('./verbs/pine.js')).pineCommand(),
  vectors: async () => (await import('./verbs/vectors.js')).vectorsCommand(),
}

const exitCodes = { done: 0, failed: 1, usage: 2 } as const

/** Runs the command line and returns the exit code: 0 done, 1 a finding or a failure, 2 wrong usage. */
export async function runGeneral(argv: readonly string[]): Promise<number> {
  try {
    const program = await createProgram(argv[0])
    await program.parseAsync(argv, { from: 'user' })
    return Number(process.exitCode ?? exitCodes.done)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
    process.stderr.write(`general: ${error instanceof Error ? error.message : String(error)}\n`)
    return exitCodes.failed
  }
}

async function createProgram(verb: string | undefined): Promise<Command> {
  const program = new Command('general')
    .description('The authority between TradingView alerts and your brokers')
    .version(readVersion())
    .showHelpAfterError('(general VERB --help tells how it is used)')
    .exitOverride()
    .action(() => {
      program.outputHelp({ error: true })
      throw new CommanderError(exitCodes.usage, 'general.noVerb', 'No verb was given')
    })
  const load = verb === undefined || !Object.hasOwn(verbs, verb) ? undefined : verbs[verb]
  if (load === undefined) refuseUnknown(program, verb)
  const chosen = load === undefined ? Object.values(verbs) : [load]
  for (const command of await Promise.all(chosen.map((loadOne) => loadOne()))) {
    inheritSettings(command, program)
    program.addCommand(command)
  }
  return program
}

function refuseUnknown(program: Command, verb: string | undefined): void {
  if (verb === undefined || verb === 'help' || verb.startsWith('-')) return
  const hint = didYouMean(verb, Object.keys(verbs))
  program.error(`error: unknown command '${verb}'${hint}`, { exitCode: exitCodes.usage })
}

/** A command that was made apart from the program knows nothing of its settings; nor do its own subcommands. */
function inheritSettings(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent)
  for (const subcommand of command.commands) inheritSettings(subcommand, command)
}

function readVersion(): string {
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
