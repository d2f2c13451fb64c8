/**
 * API calls over HTTP, whatever the connection is: of the socket client and of the remote one.
 *
 * Only undici's HTTP/1.1 client is loaded, not its front door: half the start-up time of a command would go into fetch,
 * web sockets, caches and proxies that are never used. The version is pinned, and the tests load this file.
 */
import type Client from 'undici/lib/dispatcher/client.js'
import { OperatorError, type OperatorErrorCode } from './errors.ts'
import { API_LIMITS } from './limits.ts'
import type { MethodName } from './params.ts'
import type { Api, ApiLine, CommandResult, OnProgress } from './protocol.ts'

export function httpApi(client: Client, headers: Readonly<Record<string, string>>): Api {
  return {
    async call(method, params, onProgress) {
      const body = JSON.stringify(params)
      // The server would only hang up.
      if (Buffer.byteLength(body) > API_LIMITS.requestBytes) {
        const message = `the input is larger than ${API_LIMITS.requestBytes / 1024 / 1024} MiB`
        throw new OperatorError('LB_BAD_INPUT', message, 'Divide it and send the parts.')
      }
      return call(client, headers, method, body, onProgress)
    },
    close: () => client.destroy(),
  }
}

function call(
  client: Client,
  headers: Readonly<Record<string, string>>,
  method: MethodName,
  body: string,
  onProgress?: OnProgress,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const answer = new AnswerReader(method, onProgress)
    let status = 0
    const finish = (settle: () => CommandResult) => {
      try {
        resolve(settle())
      } catch (error) {
        reject(error)
      }
    }
    client.dispatch(
      {
        path: `/v1/${encodeURIComponent(method)}`,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      },
      {
        onRequestStart() {},
        onResponseStart(_controller, statusCode) {
          status = statusCode
        },
        onResponseData(_controller, chunk) {
          answer.take(chunk)
        },
        onResponseEnd() {
          finish(() => answer.end(status))
        },
        onResponseError(_controller, error) {
          finish(() => answer.broken(error))
        },
      },
    )
  })
}

/** Puts the lines of an answer together; the last of them counts. */
class AnswerReader {
  readonly #method: string
  readonly #onProgress: OnProgress | undefined
  readonly #decoder = new TextDecoder()
  #rest = ''
  #last: ApiLine | undefined

  constructor(method: string, onProgress: OnProgress | undefined) {
    this.#method = method
    this.#onProgress = onProgress
  }

  take(chunk: Uint8Array): void {
    const text = this.#decoder.decode(chunk, { stream: true })
    // A long line comes in many chunks: looked through once, not again with every chunk.
    if (!text.includes('\n')) {
      this.#rest += text
      return
    }
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') this.#line(JSON.parse(line) as ApiLine)
  }

  #line(line: ApiLine): void {
    if ('progress' in line) this.#onProgress?.(line.progress)
    else this.#last = line
  }

  end(status: number): CommandResult {
    const last = this.#last
    if (last && 'result' in last) return last.result
    if (last && 'error' in last) {
      const { code, message, advice } = last.error
      throw new OperatorError(code as OperatorErrorCode, message, advice)
    }
    if (status !== 200) throw new OperatorError('LB_SOCKET', `the server answered ${this.#method} with HTTP ${status}`)
    throw new OperatorError('LB_SERVER_GONE', `the server gave no answer to ${this.#method}`)
  }

  broken(error: Error): CommandResult {
    // The whole answer was there before the connection went down.
    if (this.#last) return this.end(200)
    if (error instanceof OperatorError) throw error
    const code = (error as { code?: string }).code ?? error.message
    const message = `the server closed the connection during ${this.#method} (${code})`
    throw Object.assign(new OperatorError('LB_SERVER_GONE', message), { cause: error })
  }
}
