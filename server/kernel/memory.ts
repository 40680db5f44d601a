import type { Portfolio } from '../../core/portfolio/portfolio.js'
import type { LoadedPortfolio } from '../journal/load.js'
import { serializeBatch } from '../journal/persist.js'
import type { PersistParameters } from '../journal/persist-statement.js'
import { isSnapshotDue, type Snapshot, takeSnapshot } from '../journal/snapshot.js'
import { BatchFailure } from './batch-failure.js'
import { type DecideContext, type DecidedWork, decideBatch } from './decide-batch.js'
import type { Work } from './work.js'

/** A batch that was decided in memory and is ready to be recorded. */
export interface PreparedBatch {
  readonly works: readonly Work[]
  readonly done: readonly DecidedWork[]
  readonly parameters: PersistParameters
  /** The state after this batch, when a snapshot is due. */
  readonly snapshot: Snapshot | null
}

/**
 * A portfolio's fold, ahead of its logs by what is being recorded. When a batch is not recorded the whole memory is
 * dropped: what came after it rests on it.
 */
export class Memory {
  readonly #loaded: LoadedPortfolio
  #version: number
  #eventsAtSnapshot: number

  constructor(loaded: LoadedPortfolio) {
    this.#loaded = loaded
    this.#version = loaded.version
    this.#eventsAtSnapshot = loaded.snapshotEvents
  }

  /** The state; whoever reads it must not change it. */
  get portfolio(): Portfolio {
    return this.#loaded.fold.portfolio
  }

  /** Decides works and returns what to record. Throws BatchFailure when a step or what it made is at fault. */
  decide(works: readonly Work[], context: DecideContext): PreparedBatch {
    try {
      return this.#prepare(works, context)
    } catch (error) {
      throw new BatchFailure('work', works, error)
    }
  }

  #prepare(works: readonly Work[], context: DecideContext): PreparedBatch {
    const { fold, epoch } = this.#loaded
    const { done, touched, inbox } = decideBatch(fold, works, context)
    const parameters = serializeBatch({
      portfolio: fold.portfolio,
      version: this.#version,
      epoch,
      entries: done.map(({ entry }) => entry),
      touched,
      inbox,
    })
    this.#version += 1
    return { works, done, parameters, snapshot: this.#snapshotIfDue() }
  }

  #snapshotIfDue(): Snapshot | null {
    const { fold } = this.#loaded
    if (!isSnapshotDue(fold, fold.events - this.#eventsAtSnapshot)) return null
    this.#eventsAtSnapshot = fold.events
    return takeSnapshot(fold)
  }
}
