/**
 * What a portfolio may do. active: everything · reducing: exits and reductions · halted: exits only ·
 * frozen: nothing at all; only an operator sets it, and its alarm repeats.
 */
export type TradingState = 'active' | 'reducing' | 'halted' | 'frozen'

/** Every trading state, from free to frozen. */
export const TRADING_STATES = ['active', 'reducing', 'halted', 'frozen'] as const

/** Returns whether orders that add risk may be made and sent. */
export function allowsEntries(state: TradingState): boolean {
  return state === 'active'
}

/** Returns whether reductions that are not exits (peel-off) may be made and sent. */
export function allowsReductions(state: TradingState): boolean {
  return state === 'active' || state === 'reducing'
}

/** Returns whether exits may be made and sent: always, unless an operator froze the portfolio. */
export function allowsExits(state: TradingState): boolean {
  return state !== 'frozen'
}
