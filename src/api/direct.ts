/** The API without a server: the tables opened in this process. Only for root, and only while no server runs. */
import { networkInterfaces } from 'node:os'
import { openNodeAnswers } from '../boot/node-answers.ts'
import { openCluster } from '../cluster/cluster.ts'
import { openSqliteStore } from '../store/sqlite.ts'
import { EDIT_CHECKERS } from './checkers.ts'
import { openMethods } from './methods/index.ts'
import type { Places } from './places.ts'
import type { Api } from './protocol.ts'

/** NFS ports as `liteboot serve` uses them when nothing else is asked for. */
export const DEFAULT_NFS = { port: 2049, mountPort: 20048 } as const

export function openDirectApi(places: Places): Api {
  const store = openSqliteStore({ path: places.tables })
  const cluster = openCluster(store)
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const addresses = own.filter((entry) => entry.family === 'IPv4' && !entry.internal).map((entry) => entry.address)
  // The server may run elsewhere than where the tables are filled: the site's master counts as ours.
  const master = cluster.current.site.master
  const answers = openNodeAnswers({
    addresses: master === undefined || addresses.includes(master) ? addresses : [...addresses, master],
    httpPort: undefined,
    nfs: DEFAULT_NFS,
  })
  const methods = openMethods({
    store,
    cluster,
    answers,
    checkers: EDIT_CHECKERS,
    author: 'root',
    timelineFile: places.timeline,
  })
  return {
    call: methods.call,
    async close() {
      cluster.close()
      store.close()
    },
  }
}
