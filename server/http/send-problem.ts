import type { FastifyReply } from 'fastify'
import type { ErrorCode } from '../errors.js'
import { type FieldProblem, type Problem, problem, problemType } from './problem.js'

const retryAfterSeconds = '5'

/** Answers with the problem document of `code`. */
export function sendProblem(
  reply: FastifyReply,
  code: ErrorCode,
  detail?: string,
  errors?: readonly FieldProblem[],
): FastifyReply {
  return sendDocument(reply, problem(code, detail, errors))
}

/** Answers with a problem document; a 503 says when to come again. */
export function sendDocument(reply: FastifyReply, document: Problem): FastifyReply {
  if (document.status === 503) reply.header('retry-after', retryAfterSeconds)
  // Serialized here: a route's own serializers describe its answers, not its refusals.
  return reply
    .code(document.status)
    .header('content-type', problemType)
    .serializer((payload: unknown) => String(payload))
    .send(JSON.stringify(document))
}
