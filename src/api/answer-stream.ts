/** The answer to one call as the lines of protocol.ts: progress while the work goes on, then one result or one error. */
import { Readable } from 'node:stream'
import { OPERATOR_ERRORS, OperatorError } from './errors.ts'
import { API_LIMITS } from './limits.ts'
import type { ApiLine, CommandResult, OnProgress } from './protocol.ts'

/**
 * @param answer its signal is aborted when the caller has gone
 * @param describeDefect what the caller is told of an error that nobody foresaw
 */
export function answerStream(
  answer: (onProgress: OnProgress, signal: AbortSignal) => Promise<CommandResult>,
  describeDefect: (error: unknown) => string = renderDefect,
): Readable {
  const gone = new AbortController()
  const stream = new Readable({
    read() {},
    destroy(error, done) {
      gone.abort()
      done(error)
    },
  })
  const write = (line: ApiLine) => stream.push(renderLine(line))
  const heartbeat = setInterval(() => stream.push('\n'), API_LIMITS.heartbeatMs)
  answer((progress) => write({ progress }), gone.signal)
    .then(
      (result) => write({ result }),
      (error: unknown) => write(errorLine(error, describeDefect)),
    )
    .finally(() => {
      clearInterval(heartbeat)
      stream.push(null)
    })
  return stream
}

export function renderLine(line: ApiLine): string {
  return `${JSON.stringify(line)}\n`
}

export function errorLine(error: unknown, describeDefect: (error: unknown) => string = renderDefect): ApiLine {
  if (error instanceof OperatorError) {
    return { error: { code: error.code, message: error.message, advice: error.advice } }
  }
  return { error: { code: 'LB_INTERNAL', message: describeDefect(error), advice: OPERATOR_ERRORS.LB_INTERNAL } }
}

/** With its place in the program. */
export function renderDefect(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
