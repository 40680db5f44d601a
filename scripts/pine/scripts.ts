import { listPineInstruments } from './pine-instrument.js'
import { scoutScript } from './scout.js'
import { strategyScript } from './strategy.js'

/** A generated script, its path inside the directory of the scripts. */
export interface PineScript {
  readonly path: string
  readonly text: string
}

/** Returns every Pine script of the project, a scout and a strategy for each instrument. */
export function generatePineScripts(): PineScript[] {
  return listPineInstruments().flatMap((instrument) => [
    { path: `${instrument.file}-scout.pine`, text: scoutScript(instrument) },
    { path: `${instrument.file}-strategy.pine`, text: strategyScript(instrument) },
  ])
}
