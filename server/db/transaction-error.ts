/** The server rolled the transaction back although COMMIT was asked: a statement failed and its error was swallowed. */
export class TransactionAbortedError extends Error {
  constructor(tag: string) {
    super(`COMMIT was answered with ${tag}: a statement of the transaction failed and nothing was stored`)
    this.name = 'TransactionAbortedError'
  }
}

/** The connection was lost while COMMIT was under way: the transaction is stored, or it is not, and only a query can tell. */
export class CommitUnknownError extends Error {
  constructor(cause: unknown) {
    super(
      'The connection to the database was lost during COMMIT: whether the transaction is stored is unknown',
      { cause },
    )
    this.name = 'CommitUnknownError'
  }
}
