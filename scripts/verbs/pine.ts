import { Command } from 'commander'
import { type Answer, type JsonOption, jsonHelp, printAnswer } from '../cli/answer.js'
import type { Style } from '../cli/style.js'
import { resolveUserPath } from '../cli/user-path.js'
import { generatePineScripts } from '../pine/scripts.js'
import { compareScripts, type PineDifferences, pineDirectory, writeScripts } from '../pine/write-scripts.js'

/** Returns the verb that makes and examines the Pine scripts of TradingView. */
export function pineCommand(): Command {
  return new Command('pine')
    .description('Make and examine the Pine scripts that send the alerts')
    .addCommand(generateCommand())
}

interface GenerateOptions extends JsonOption {
  readonly out?: string
  readonly check?: boolean
}

function generateCommand(): Command {
  return new Command('generate')
    .description('Write the scouts and strategies of every instrument, from its configuration')
    .option('--out <directory>', 'where to write them (default: pine/ of this checkout)')
    .option('--check', 'write nothing; tell what differs')
    .option('--json', jsonHelp)
    .action((options: GenerateOptions) => printAnswer(options, async () => generate(options)))
}

function generate({ out, check }: GenerateOptions): Answer {
  const directory = out === undefined ? pineDirectory : resolveUserPath(out)
  const scripts = generatePineScripts()
  const differences = compareScripts(directory, scripts)
  if (check !== true) {
    writeScripts(directory, scripts)
    const written = scripts.map(({ path }) => path)
    return {
      document: { directory, written },
      describe: (style) => `${style.good(`${written.length} scripts`)} in ${directory}\n`,
    }
  }
  const isFinding = Object.values(differences).some((names: readonly string[]) => names.length > 0)
  return {
    document: { directory, same: !isFinding, ...differences },
    describe: (style) => describeDifferences(directory, differences, style),
    isFinding,
  }
}

function describeDifferences(directory: string, differences: PineDifferences, style: Style): string {
  const lines = [
    ...differences.missing.map((name) => `  ${name} is missing`),
    ...differences.different.map((name) => `  ${name} differs from what is generated`),
    ...differences.surplus.map((name) => `  ${name} is not generated`),
  ]
  if (lines.length === 0) return `${directory} is ${style.good('as generated')}\n`
  return `${style.bad(`${directory} is not as generated`)}; general pine generate writes it\n${lines.join('\n')}\n`
}
