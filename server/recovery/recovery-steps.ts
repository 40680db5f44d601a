import { step } from '../../core/kernel.js'
import type { Portfolio } from '../../core/portfolio/portfolio.js'
import type { Clock } from '../clock.js'
import { stamp } from '../kernel/decide-batch.js'
import type { NewInput } from '../kernel/work.js'

/** What a recovery does to a portfolio: inputs go in, and the state shows what they led to. A sequencer is one. */
export interface RecoverySteps {
  submit(input: NewInput): Promise<unknown>
  state(): Portfolio
}

/** Returns steps that change `portfolio` in memory only: what a recovery would do, without doing it. */
export function rehearsedSteps(portfolio: Portfolio, clock: Clock): RecoverySteps {
  return {
    submit: async (input) => step(portfolio, stamp(input, Math.max(portfolio.now, clock.now()))),
    state: () => portfolio,
  }
}
