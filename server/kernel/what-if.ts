import { step } from '../../core/kernel.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import type { Clock } from '../clock.js'
import { copyState } from '../journal/codec/state-codec.js'
import { stamp } from './decide-batch.js'
import type { NewInput, StepOutcome } from './work.js'

/** Returns what `input` would lead to, decided on a copy of the state; nothing changes. Its seq is 0. */
export function whatIf(portfolio: Portfolio, input: NewInput, clock: Clock): StepOutcome {
  const copy = copyState(portfolio)
  const stamped = stamp(input, Math.max(copy.now, clock.now()))
  return { seq: 0, input: stamped, events: step(copy, stamped), repeated: false }
}
