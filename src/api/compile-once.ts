/** The nodes as a server on this machine would see them, for a command that works without one. */
import { networkInterfaces } from 'node:os'
import { openNodeAnswers } from '../boot/node-answers.ts'
import { compileSnapshot } from '../cluster/snapshot.ts'
import { openGenerationStates } from '../image/generations/states.ts'
import { openPackedRoots } from '../image/pack/find.ts'
import { openPartitionFiles } from '../image/partition-files.ts'
import type { Store } from '../store/store.ts'
import type { Compiled } from './methods/context.ts'
import { DEFAULT_NFS } from './places.ts'

export function compileOnce(store: Store): Compiled {
  const snapshot = compileSnapshot(store, undefined, 1)
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const addresses = own.filter((entry) => entry.family === 'IPv4' && !entry.internal).map((entry) => entry.address)
  // The server may run elsewhere than where the tables are filled: the site's master counts as ours.
  const { master } = snapshot.site
  const answers = openNodeAnswers({
    generationOf: openGenerationStates(),
    partitionFile: openPartitionFiles(),
    packedRoot: openPackedRoots(),
    addresses: master === undefined || addresses.includes(master) ? addresses : [...addresses, master],
    httpPort: undefined,
    nfs: DEFAULT_NFS,
  })
  return { snapshot, answers }
}
