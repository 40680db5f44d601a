import { Command } from 'commander'
import { type Answer, type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import { withNumbers } from '../cli/exact-numbers.js'
import { type Style, styleFor } from '../cli/style.js'
import { DAY_TITLE } from '../demo/day.js'
import { type DemoService, startDemoService } from '../demo/demo-service.js'
import { describeChecks, type PlayedDay, playDay } from '../demo/play-day.js'
import { describeSummary } from '../demo/summary.js'
import { tellMoment } from '../demo/tell-moment.js'

/** Returns the verb that plays a day of alerts through a service of its own, and shows what was decided and why. */
export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'Play a day of alerts over HTTP through a service of its own (temporary home, free ports, paper broker, ' +
        'simulated clock), and show what was decided and why',
    )
    .option('--json', jsonHelp)
    .action((options: JsonOption) => printAnswer(options, () => playDemo(options.json !== true)))
}

async function playDemo(isTold: boolean): Promise<Answer> {
  const style = styleFor(process.stdout, process.env)
  const print = (text: string): void => {
    if (isTold) process.stdout.write(text)
  }
  print(introduction(style))
  const service = await startDemoService()
  const forget = stopOnSignal(service)
  try {
    await service.ready
    print(`${style.faint(`The webhook listens at ${service.webhookUrl}<token>`)}\n\n`)
    const day = await playDay(service, (moment) => print(tellMoment(moment, style)))
    return {
      document: documentOf(day),
      describe: (shown) => describeEnd(day, shown),
      isFinding: day.checks.some(({ passed }) => !passed),
    }
  } finally {
    forget()
    await service.stop()
  }
}

/** Ctrl-C leaves neither a server nor a directory behind. */
function stopOnSignal(service: DemoService): () => void {
  const stop = (signal: NodeJS.Signals): void => {
    const code = signal === 'SIGINT' ? 130 : 143
    void service.stop().finally(() => process.exit(code))
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  return () => {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
}

function introduction(style: Style): string {
  return [
    style.strong(`${DAY_TITLE}, as the general sees it`),
    'A paper portfolio of ₹1,00,00,000 that trades Bank Nifty, Gold Mini, Silver Mini and Copper. Every alert below is',
    'sent over HTTP to the webhook of a service that was started for this, with a clock that follows the day.',
    'A base entry is the least of what risk, volatility and margin allow. Caps: heat 2 % (0.8 % with a pyramid),',
    'volatility 5 %, margin 60 %. Fills cost a tick and 0.01 %.',
    '',
    '',
  ].join('\n')
}

function describeEnd(day: PlayedDay, style: Style): string {
  const { explained, summary, checks } = day
  return [
    style.strong('The end of the day'),
    '',
    describeSummary(summary, style),
    style.strong(`general explain ${explained.id}`),
    '',
    explained.text,
    describeChecks(checks, style),
    '',
    style.strong('What to try next'),
    '  npm start                         the service itself; it prints its webhook URL and a curl line to paste',
    '  npm run -s general -- status      how a running service stands; also positions, orders, decisions, alarms',
    '  npm run -s general -- explain ID  the story of any alert, decision, order or position',
    '  npm run -s general -- backtest --trades GOLD_MINI=your-export.csv',
    '                                    your own TradingView list of trades through the same rules',
    '',
  ].join('\n')
}

function documentOf({ moments, summary, checks, explained }: PlayedDay): unknown {
  const told = moments.map(({ step, answer, portfolio, ...came }) => ({
    at: step.at,
    name: step.name,
    caption: step.caption,
    alert: step.alert,
    answer,
    ...came,
    equity: portfolio.equity,
  }))
  const passed = checks.every((check) => check.passed)
  return withNumbers({ day: DAY_TITLE, moments: told, summary, explained: explained.id, checks, passed })
}
