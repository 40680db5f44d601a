import type { Socket } from 'node:net'
import type { ErrorCode } from '../errors.js'
import { problem, problemType } from './problem.js'

/** Answers a connection whose bytes are no HTTP request, or whose request came too slowly, and ends it. */
export function answerBrokenConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const code: ErrorCode = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'REQUEST_TIMEOUT' : 'MALFORMED_REQUEST'
  const document = problem(code)
  const body = JSON.stringify(document)
  const head = [
    `HTTP/1.1 ${document.status} ${code === 'REQUEST_TIMEOUT' ? 'Request Timeout' : 'Bad Request'}`,
    `Content-Type: ${problemType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
