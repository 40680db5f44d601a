import { Command } from 'commander'
import { type Service, startService } from '../../server/main.js'
import { describeService, serviceFacts } from './start-output.js'

/** Exit code of a process that met an error which nobody expected: its supervisor starts it again. */
const unexpectedErrorCode = 70

/** Returns the verb that runs the service until it is told to stop. */
export function startCommand(): Command {
  return new Command('start')
    .description('Run the service: webhook, admin listener, and every portfolio of the configuration')
    .option('--json', 'print one JSON document when the service is ready')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const service = await startService({
        env: process.env,
        onPhase: (line) => {
          if (json !== true) process.stdout.write(`${line}\n`)
        },
      })
      await runUntilStopped(service, json === true)
    })
}

async function runUntilStopped(service: Service, json: boolean): Promise<void> {
  const isTerminal = process.stdout.isTTY === true
  if (!json) process.stdout.write(describeService(service, isTerminal))
  const stopped = stopOnSignal(service)
  exitOnUnexpectedError(service)
  const ready = service.ready.then(() => {
    const facts = `${JSON.stringify(serviceFacts(service, isTerminal))}\n`
    process.stdout.write(json ? facts : 'Ready. Stop it with Ctrl-C\n')
  })
  try {
    await Promise.race([ready, stopped])
  } catch (error) {
    await service.stop()
    throw error
  }
  await stopped
}

/** Settles when the service was told to stop and has; a second signal ends the process at once. */
function stopOnSignal(service: Service): Promise<void> {
  return new Promise((resolve, reject) => {
    let stopping = false
    const stop = (signal: NodeJS.Signals) => {
      if (stopping) process.exit(signal === 'SIGINT' ? 130 : 143)
      stopping = true
      service.log.info({ signal }, 'Stopping')
      service.stop().then(resolve, reject)
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}

/** What nobody expected leaves the memory in doubt. The journal is not: it is read again after the restart. */
function exitOnUnexpectedError(service: Service): void {
  const exit = (error: unknown) => {
    service.log.error({ err: error }, 'An unexpected error ends the process')
    process.exit(unexpectedErrorCode)
  }
  process.on('uncaughtException', exit)
  process.on('unhandledRejection', exit)
}
