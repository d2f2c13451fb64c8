/**
 * The API without a server: the tables opened in this process. Only for root, and only while no server runs. What a
 * command does not need is not loaded: lsdef shows objects without compiling a single node.
 */
import { openSqliteStore } from '../store/sqlite.ts'
import { type Compiled, LOCAL_ROOT } from './methods/context.ts'
import { openMethods } from './methods/index.ts'
import type { Places } from './places.ts'
import type { Api } from './protocol.ts'

export function openDirectApi(places: Places): Api {
  const store = openSqliteStore({ path: places.tables })
  const compiled = async (): Promise<Compiled> => {
    const { compileOnce } = await import('./compile-once.ts')
    return compileOnce(store)
  }
  const methods = openMethods({
    store,
    timelineFile: places.timeline,
    accessDirectory: places.access,
    learnedDirectory: places.learned,
    compiled,
    live: async () => undefined,
  })
  return {
    call: (method, params, onProgress) => methods.call(LOCAL_ROOT, method, params, onProgress),
    async close() {
      store.close()
    },
  }
}
