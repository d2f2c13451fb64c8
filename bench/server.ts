/** liteboot itself in a comparison: the real `liteboot serve`, with tables filled by its own commands. */
import { join } from 'node:path'
import { startServer } from '../vm-harness/liteboot.ts'
import type { ServerProcess } from './processes.ts'
import type { Wire } from './wire.ts'

export interface ServerOptions {
  readonly wire: Wire
  readonly state: string
  readonly logFile: string
  /** Node writes a profile of the processor into this directory when the server ends. */
  readonly profileDirectory?: string
}

export async function startLiteboot(options: ServerOptions): Promise<ServerProcess> {
  const { wire, state, logFile, profileDirectory } = options
  const profiling = profileDirectory && `--cpu-prof --cpu-prof-interval=500 --cpu-prof-dir=${join(profileDirectory)}`
  return startServer(
    {
      namespace: wire.server.namespace,
      spawn: (command, args, spawnOptions) =>
        wire.server.spawn(command, args, {
          ...spawnOptions,
          env: { ...spawnOptions?.env, ...(profiling ? { NODE_OPTIONS: profiling } : {}) },
        }),
      exec: (command, args) => wire.server.exec(command, args, 30_000),
    },
    state,
    logFile,
  )
}
