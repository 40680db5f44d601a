import type { AskAdmin } from '../notify/admin-port.js'
import { TelegramBot } from '../notify/telegram/telegram-bot.js'
import { TelegramCommands } from '../notify/telegram/telegram-commands.js'
import type { Engine } from './engine.js'
import type { Setup } from './setup.js'

/** Bots that take commands; none where nobody may command one. */
export interface TelegramBots {
  readonly start: () => void
  readonly stop: () => Promise<void>
}

/**
 * Returns the bots of the configuration. Of all instances the one that holds the first portfolio asks for commands:
 * Telegram answers one at a time.
 */
export function createTelegramBots(setup: Setup, engine: Engine, ask: AskAdmin): TelegramBots {
  const { configuration, clock, log, metrics, secrets } = setup
  const portfolios = configuration.portfolios.map(({ id }) => id)
  const commands = new TelegramCommands({ ask, portfolios })
  const isLeader = () => (engine.hosts.get(portfolios[0] ?? '')?.held() ?? null) !== null
  const bots = configuration.notifications.flatMap((receiver, index) => {
    if (receiver.kind !== 'telegram' || receiver.allowedUsers.length === 0) return []
    const name = `notifications[${index}]`
    const raise = engine.raise
    const { scrub } = secrets
    return [new TelegramBot({ name, receiver, commands, isLeader, clock, log, metrics, scrub, raise })]
  })
  return {
    start: () => {
      for (const bot of bots) bot.start()
    },
    stop: async () => {
      await Promise.all(bots.map((bot) => bot.stop()))
    },
  }
}
