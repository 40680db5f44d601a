import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { isDatabaseAway } from '../db/is-database-away.js'
import { CommitUnknownError } from '../db/transaction-error.js'
import { type ErrorCode, ServiceError } from '../errors.js'
import type { Log } from '../observe/log.js'
import type { FieldProblem } from './problem.js'
import { sendProblem } from './send-problem.js'

const frameworkCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'MEDIA_TYPE_UNSUPPORTED',
  FST_ERR_CTP_INVALID_JSON_BODY: 'BODY_NOT_JSON',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'BODY_NOT_JSON',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'MALFORMED_REQUEST',
}

/** Answers what a route of the admin listener threw. */
export function answerAdminError(
  error: FastifyError,
  context: { reply: FastifyReply; log: Log },
): FastifyReply {
  const { reply, log } = context
  if (error instanceof ServiceError) return sendProblem(reply, error.code, error.message)
  if (hasZodFastifySchemaValidationErrors(error)) {
    const fields = error.validation.map(({ instancePath, message }) => fieldProblem(instancePath, message))
    return sendProblem(reply, 'REQUEST_INVALID', undefined, fields)
  }
  const known = frameworkCodes[error.code]
  if (known !== undefined) return sendProblem(reply, known)
  if (isDatabaseAway(error) || error instanceof CommitUnknownError)
    return sendProblem(reply, 'DB_UNAVAILABLE')
  if (error.statusCode !== undefined && error.statusCode < 500) return sendProblem(reply, 'MALFORMED_REQUEST')
  log.error({ err: error }, 'An admin request failed')
  return sendProblem(reply, 'INTERNAL')
}

/** Answers a path that the admin listener does not have. */
export function answerAdminNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendProblem(reply, 'NOT_FOUND', `${request.method} ${request.url.split('?')[0]} is not served here`)
}

function fieldProblem(path: string, message: string | undefined): FieldProblem {
  return { field: path.replace(/^\//, '').replaceAll('/', '.'), message: message ?? 'is wrong' }
}
