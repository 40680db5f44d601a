import { text } from 'node:stream/consumers'
import { runGeneral } from '../../scripts/program.js'

/*
 * A program for tests: reads a JSON array of argument lists, runs the command line with each, and prints a JSON array of
 * what each came to.
 */

type Write = typeof process.stdout.write

const calls = JSON.parse(await text(process.stdin)) as string[][]
const answer = process.stdout.write.bind(process.stdout)
const streams = { stdout: '', stderr: '' }

function collect(stream: 'stdout' | 'stderr'): Write {
  return ((chunk: string | Uint8Array) => {
    streams[stream] += String(chunk)
    return true
  }) as Write
}

process.stdout.write = collect('stdout')
process.stderr.write = collect('stderr')
const runs = []
for (const args of calls) {
  process.exitCode = undefined
  const code = await runGeneral(args)
  runs.push({ code, stdout: streams.stdout, stderr: streams.stderr })
  streams.stdout = ''
  streams.stderr = ''
}
process.exitCode = 0
answer(JSON.stringify(runs))
