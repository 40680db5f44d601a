/** What is told about an error wherever it appears. */
export interface ErrorEntry {
  /** HTTP status of the answer; null for errors that are no answer: they stop a start, or stand on /readyz. */
  readonly status: number | null
  /** The same for every occurrence; what differs is the detail of the occurrence. */
  readonly title: string
  /** What the reader can do. */
  readonly remedy: string
}

/** Every error that a user or a program outside can meet. docs/errors.md lists the same codes. */
export const ERRORS = {
  ALERT_NOT_JSON: {
    status: 400,
    title: 'The body is not one JSON object',
    remedy: 'Send the alert as one JSON object in UTF-8; the detail names the place where reading stopped',
  },
  ALERT_INVALID: {
    status: 400,
    title: 'The alert has wrong or missing fields',
    remedy: 'Correct each field that the answer lists in the message of the TradingView alert',
  },
  ALERT_NOT_ALLOWED: {
    status: 403,
    title: 'This source may not send such alerts',
    remedy: 'Use the webhook of the strategy that the alert is for, or widen the source in the configuration',
  },
  ADDRESS_NOT_ALLOWED: {
    status: 403,
    title: 'Requests from this address are refused',
    remedy: 'Only TradingView may send alerts while TRADINGVIEW_IPS_ONLY is set; check the trusted proxy',
  },
  WEBHOOK_TOKEN_UNKNOWN: {
    status: 401,
    title: 'The webhook token is not known',
    remedy: 'Copy the webhook URL again from the output or the token file of the service',
  },
  BODY_TOO_LARGE: {
    status: 413,
    title: 'The body is larger than 16 KiB',
    remedy: 'Shorten the message of the alert',
  },
  MALFORMED_REQUEST: {
    status: 400,
    title: 'The request is not valid HTTP',
    remedy: 'Check the client and the proxies between it and the service',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    title: 'The request did not arrive in time',
    remedy: 'Send the whole request within 2.5 s',
  },
  STORAGE_NOT_PROVEN: {
    status: 503,
    title: 'The alert is not proven to be stored',
    remedy: 'Send the same alert again: if it was stored after all, it counts once',
  },
  STARTING: {
    status: 503,
    title: 'The service is starting',
    remedy: 'Send the same request again in a few seconds',
  },
  STOPPING: {
    status: 503,
    title: 'The service is stopping',
    remedy: 'Send the same request again when the service runs',
  },
  NOT_FOUND: {
    status: 404,
    title: 'There is nothing here',
    remedy: 'Check the path against /openapi.json of the admin listener',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'This path does not take this method',
    remedy: 'Use the method that the Allow header names',
  },
  ADMIN_TOKEN_INVALID: {
    status: 401,
    title: 'The admin token is missing or wrong',
    remedy: 'Send the header Authorization: Bearer with the token of ADMIN_TOKEN or of the file admin-token',
  },
  TOO_MANY_FAILURES: {
    status: 429,
    title: 'Too many requests with a wrong token came from this address',
    remedy:
      'Wait for the seconds that Retry-After names; requests with the right token are served at any time',
  },
  HOST_NOT_ALLOWED: {
    status: 421,
    title: 'The admin listener does not serve this host name',
    remedy: 'Address it by its IP address, as localhost, or by the name in ADMIN_HOST',
  },
  REQUEST_INVALID: {
    status: 400,
    title: 'The request has wrong or missing fields',
    remedy: 'Correct each field that the answer lists',
  },
  BODY_NOT_JSON: {
    status: 400,
    title: 'The body is not JSON',
    remedy: 'Send JSON with the header Content-Type: application/json',
  },
  MEDIA_TYPE_UNSUPPORTED: {
    status: 415,
    title: 'The body is of a type that is not read here',
    remedy: 'Send JSON with the header Content-Type: application/json',
  },
  IDEMPOTENCY_KEY_MISSING: {
    status: 400,
    title: 'The header Idempotency-Key is missing or malformed',
    remedy: 'Send a text of your choice, 1 to 255 printable ASCII characters, new for each new command',
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    title: 'This Idempotency-Key was used with another body',
    remedy: 'Use a new key for a new command; to learn the first answer send the first body again',
  },
  IDEMPOTENCY_KEY_RUNNING: {
    status: 409,
    title: 'The first request with this Idempotency-Key is still running',
    remedy: 'Send the same request again in a second to learn its answer',
  },
  PORTFOLIO_UNKNOWN: {
    status: 404,
    title: 'There is no such portfolio',
    remedy: 'GET /v1/portfolios lists the portfolios of the configuration',
  },
  DECISION_UNKNOWN: {
    status: 404,
    title: 'There is no such decision',
    remedy: 'GET /v1/portfolios/:id/decisions lists decisions',
  },
  ALERT_UNKNOWN: {
    status: 404,
    title: 'There is no such alert',
    remedy: 'GET /v1/portfolios/:id/alerts lists alerts',
  },
  INSTRUMENT_UNKNOWN: {
    status: 422,
    title: 'The portfolio does not trade this instrument',
    remedy: 'GET /v1/portfolios/:id lists its instruments',
  },
  POSITION_UNKNOWN: {
    status: 422,
    title: 'The portfolio holds no such position',
    remedy: 'GET /v1/portfolios/:id/positions lists what is open',
  },
  APPROVAL_UNKNOWN: {
    status: 404,
    title: 'There is no such approval',
    remedy: 'GET /v1/portfolios/:id/approvals lists what waits for one',
  },
  ORDER_UNKNOWN: {
    status: 404,
    title: 'There is no such order at work',
    remedy: 'GET /v1/portfolios/:id/orders lists the orders at work',
  },
  ORDER_FATE_KNOWN: {
    status: 422,
    title: 'What became of this order is known',
    remedy: 'Only an order that is unresolved, or that its broker no longer shows, is settled by hand',
  },
  BREAK_UNKNOWN: {
    status: 404,
    title: 'There is no such difference from a broker',
    remedy: 'GET /v1/reconciliation lists the differences; one that has changed has another id',
  },
  CURRENCY_MISMATCH: {
    status: 422,
    title: 'The portfolio is kept in another currency',
    remedy: 'Name the amount in the currency of the portfolio',
  },
  NOT_ALLOCATION: {
    status: 422,
    title: 'The portfolio is not kept at target weights',
    remedy: 'Name a portfolio whose strategy is "allocation"',
  },
  ALLOCATION_HALTED: {
    status: 422,
    title: 'There is no plan: weights, metrics or prices cannot be used',
    remedy: 'Correct what the detail names, and ask again',
  },
  AUTOMATIC_IS_ON: {
    status: 409,
    title: 'Runs of the portfolio begin by themselves',
    remedy: 'GET the plan to see the next run; to run by hand set automatic to false in the configuration',
  },
  RUN_IN_PROGRESS: {
    status: 409,
    title: 'A run of the portfolio is in progress',
    remedy: 'GET /v1/portfolios/:id/runs shows how far it is; run again when it is over',
  },
  COMMAND_BLOCKED: {
    status: 422,
    title: 'The command was decided, and a rule refused it',
    remedy: 'The decision in the answer names the rule; nothing was changed',
  },
  CURSOR_INVALID: {
    status: 400,
    title: 'The cursor is not one that this list gave',
    remedy: 'Use the value of next in the previous page, unchanged, or leave the cursor out',
  },
  PORTFOLIO_NOT_READY: {
    status: 503,
    title: 'The portfolio does not take commands yet',
    remedy: 'GET /readyz shows its phase and why; send the same request with the same key again',
  },
  LEASE_HELD: {
    status: 503,
    title: 'Another instance of the service runs this portfolio',
    remedy: 'Send the command to that instance, or stop it: this one then takes over',
  },
  DB_UNAVAILABLE: {
    status: 503,
    title: 'The database does not answer',
    remedy: 'Start the database, or correct DATABASE_URL; the service goes on by itself',
  },
  INTERNAL: {
    status: 500,
    title: 'The service failed to answer',
    remedy: 'Look for the error in the log of the service at this time',
  },
  DATA_CORRUPT: {
    status: null,
    title: 'The logs and the tables that follow from them differ',
    remedy: 'Run general recover --check --full, and docs/recovery.md; nothing trades until it is resolved',
  },
  VALIDATION_FAILED: {
    status: null,
    title: 'The recovered state breaks a rule that always holds',
    remedy: 'Run general recover --check, and docs/recovery.md; nothing trades until it is resolved',
  },
  VENUE_UNREACHABLE: {
    status: null,
    title: 'The broker does not answer',
    remedy: 'Check the network and the account of the broker; the service tries again by itself',
  },
  POSITION_BREAK: {
    status: null,
    title: 'The broker holds something else than the journal',
    remedy: 'GET /v1/reconciliation names the difference; decide it there. Other instruments trade on',
  },
  CONFIGURATION_INVALID: {
    status: null,
    title: 'The configuration or the environment is wrong',
    remedy: 'Correct every problem that is listed; general config check FILE lists them too',
  },
  DATABASE_POOLED: {
    status: null,
    title: 'A pooler lends the connections to the database for one transaction each',
    remedy:
      'Give DATABASE_URL a direct connection to PostgreSQL, or one through a pooler in session mode, and start again',
  },
  PORT_TAKEN: {
    status: null,
    title: 'A port is taken by another program',
    remedy: 'Stop that program, or set PORT or ADMIN_PORT to a free one',
  },
} as const satisfies Record<string, ErrorEntry>

/** The code of an error that a user or a program outside can meet. */
export type ErrorCode = keyof typeof ERRORS

/** Returns what is told about an error with this code. */
export function errorEntry(code: ErrorCode): ErrorEntry {
  return ERRORS[code]
}

/** An error with a code of the table; its message is the detail of this occurrence. */
export class ServiceError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.name = 'ServiceError'
    this.code = code
  }
}
