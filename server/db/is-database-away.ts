/** Codes of SQLSTATE and of sockets that say nothing about a query: the server is away, or too busy to answer in time. */
const awayCodes =
  /^(08...|57P0.|57014|55P03|53...|ECONN\w*|EPIPE|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH|EAI_AGAIN)$/
const awayMessages =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection)/

/** Returns whether an error says that the database cannot be reached, rather than that a query was wrong. */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway)
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown }
  return awayCodes.test(String(code ?? '')) || awayMessages.test(String(message ?? ''))
}
