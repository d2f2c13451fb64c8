/**
 * The admin API: what commands ask of the server. One method call is one POST to `/v1/<method>` with a JSON object; the
 * answer is a stream of JSON lines: any number of `progress`, then one `result` or one `error`. Empty lines mean that the
 * server still works on it.
 *
 * This file is the contract between the two ends and knows nothing of either.
 */
import type { MethodName, MethodParams } from './params.ts'

/** What a command prints, already worded; `data` is the same as a value, for `--json`. */
export interface CommandResult {
  readonly data: unknown
  /** Lines for standard output. */
  readonly output: readonly string[]
  /** Lines for standard error: `Error: …`, `Warning: …`. */
  readonly errors: readonly string[]
  readonly exitStatus: number
}

export type ApiLine =
  | { readonly progress: string }
  | { readonly result: CommandResult }
  | { readonly error: { readonly code: string; readonly message: string; readonly advice: string } }

export type OnProgress = (line: string) => void

/** Both ends of the API look like this: the client over the socket, and the methods called in-process. */
export interface Api {
  /** @throws OperatorError */
  call<M extends MethodName>(method: M, params: MethodParams[M], onProgress?: OnProgress): Promise<CommandResult>
  close(): Promise<void>
}

export function commandResult(
  output: readonly string[],
  data: unknown,
  errors: readonly string[] = [],
  exitStatus = errors.some((line) => line.startsWith('Error')) ? 1 : 0,
): CommandResult {
  return { output, data, errors, exitStatus }
}
