import { z } from 'zod'
import { decimal, parseDecimal } from '../../core/decimal.js'

/** Percent above 0, at most 100. */
export const percent = z.number().gt(0).lte(100)

/** A number of ATRs above 0. */
export const multiple = z.number().gt(0).max(100)

/** A size, price step or value above 0. */
export const amount = z.number().gt(0).max(1e12)

/** A probability. */
export const share = z.number().min(0).max(1)

/** Milliseconds, at most an hour. */
export const milliseconds = z.int().min(0).max(3_600_000)

/** The name of a portfolio or a source: it stands in URLs and in the keys of records, and cannot change. */
export const identifier = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/, 'must be 1 to 32 letters, digits, - and _, the first no sign')

/** The name of an instrument, in capitals; alerts may spell it in any case. */
export const instrumentName = z
  .string()
  .regex(/^[A-Z0-9][A-Z0-9_.-]{0,31}$/, 'must be 1 to 32 capital letters, digits, _ . and -')

/** A currency by its three letters of ISO 4217. */
export const currency = z.string().regex(/^[A-Z]{3}$/, 'must be three capital letters, such as INR')

/** Money of at least 0 with at most 8 digits after the point, as a text or a number. */
export const money = z
  .union([z.string(), z.number()])
  .refine(isMoney, 'must be an amount of at least 0 such as "10000000.00"')
  .transform((value) => decimal(value).toString())

function isMoney(value: string | number): boolean {
  const parsed = parseDecimal(String(value))
  return parsed !== null && !parsed.isNegative() && parsed.scale <= 8 && String(value).length <= 24
}

/** A secret by the name of the variable that holds it. Never the secret itself: a configuration is copied and shown. */
export const secretReference = z
  .string()
  .regex(
    /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/,
    `must name the variable that holds the secret, as \${WEBHOOK_TOKEN}; the value is not shown`,
  )

/**
 * Where OpenAlgo listens. The key stands in the body of every request, so that it may leave this machine and its own
 * network only encrypted.
 */
export const openAlgoUrl = z
  .string()
  .max(200)
  .refine(
    isPrivateOrEncrypted,
    'must be such as http://127.0.0.1:5000, or https:// for another network; no path or password',
  )

/** Where OpenAlgo's stream listens. The key is in its first message. */
export const openAlgoStreamUrl = z
  .string()
  .max(200)
  .refine(
    isPrivateOrEncryptedStream,
    'must be such as ws://127.0.0.1:8765, or wss:// for another network; no password',
  )

/** Loopback, private networks, and names without a dot as containers have them. */
const PRIVATE_HOST =
  /^(localhost|[A-Za-z0-9_-]+|127\.[\d.]+|10\.[\d.]+|192\.168\.[\d.]+|172\.(1[6-9]|2\d|3[01])\.[\d.]+|\[::1\])$/

/**
 * Where notifications are posted. They tell what is held and done, so that they leave this machine only encrypted. The
 * path is the receiver's matter.
 */
export const notificationUrl = z
  .string()
  .max(500)
  .refine(
    isLoopbackOrEncrypted,
    'must be https://, or http:// on this machine such as http://127.0.0.1:9000/notify; no user or password in it',
  )

/** Where fund metrics are read. The token goes with every request, so that it leaves this machine only encrypted. */
export const metricsUrl = z
  .string()
  .max(500)
  .refine(
    isLoopbackOrEncrypted,
    'must be https://, or http:// on this machine such as http://127.0.0.1:9000/funds; no user or password in it',
  )

const LOOPBACK_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

function isLoopbackOrEncrypted(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || url.username !== '' || url.password !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK_HOST.test(url.hostname))
}

function isPrivateOrEncrypted(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || url.username !== '' || url.password !== '') return false
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && PRIVATE_HOST.test(url.hostname))
}

function isPrivateOrEncryptedStream(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return false
  return url.protocol === 'wss:' || (url.protocol === 'ws:' && PRIVATE_HOST.test(url.hostname))
}
