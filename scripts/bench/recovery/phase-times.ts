/** When a portfolio came into each of its phases, in milliseconds of one clock, in order. */
export type PhaseTimes = { readonly phase: string; readonly at: number }[]
