/**
 * A pure state machine: `decide` says what happens, `evolve` says what it means.
 * `evolve` may update the state that it is given: a state belongs to the one fold that builds it.
 */
export interface Decider<State, Input, Event> {
  readonly decide: (state: State, input: Input) => readonly Event[]
  readonly evolve: (state: State, event: Event) => State
}

/** Returns the state after `events`, in order. Takes ownership of `state`. */
export function fold<State, Event>(
  evolve: (state: State, event: Event) => State,
  state: State,
  events: Iterable<Event>,
): State {
  let folded = state
  for (const event of events) folded = evolve(folded, event)
  return folded
}
