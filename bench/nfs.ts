/** NFS: a load program with libnfs against liteboot and nfs-ganesha. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Contest, type Contestant, OURS } from './contest.ts'
import { buildLoad, runLoad } from './load.ts'
import { startPeer } from './processes.ts'
import { TREE } from './site.ts'
import type { Suite, SuiteContext } from './suite.ts'
import { SERVER } from './wire.ts'

const IN_FLIGHT = [1, 32] as const

function ganeshaConfiguration({ site, scratch }: SuiteContext): string {
  return `
NFS_CORE_PARAM {
  Bind_addr = ${SERVER}; NFS_Protocols = 3; NFS_Port = 2049; MNT_Port = 20048;
  Enable_NLM = false; Enable_RQUOTA = false; Enable_UDP = false;
}
NFSV4 { Graceless = true; RecoveryBackend = fs; RecoveryRoot = ${scratch}/ganesha; }
EXPORT_DEFAULTS { Squash = No_Root_Squash; SecType = sys; Transports = TCP; }
EXPORT { Export_Id = 1; Path = ${site.rootimg}; Pseudo = /image; Access_Type = RO; Protocols = 3; FSAL { Name = VFS; } }
`
}

async function openGanesha(context: SuiteContext): Promise<Contestant> {
  const wire = await context.openWire()
  const file = join(context.scratch, 'ganesha.conf')
  const log = join(context.scratch, 'ganesha.log')
  mkdirSync(join(context.scratch, 'ganesha'))
  writeFileSync(file, ganeshaConfiguration(context))
  const server = context.keep(
    await startPeer({
      side: wire.server,
      command: 'sh',
      // ganesha refuses to start without a portmapper beside it; both need the same private /run.
      args: [
        '-c',
        `rpcbind -f -w & while ! rpcinfo -p >/dev/null 2>&1; do sleep 0.1; done
         exec ganesha.nfsd -F -f "$1" -L "$2" -p /run/ganesha.pid -N EVENT`,
        ...['sh', file, log],
      ],
      logFile: join(context.scratch, 'ganesha.out'),
      port: { protocol: 'tcp', number: 2049 },
    }),
  )
  return { name: 'ganesha', wire, pid: server.pid }
}

interface NfsFigures {
  readonly count: number
  readonly seconds: number
  readonly errors: number
}

const LOADS = [
  { mode: 'stat', title: 'path stats', unit: 'stats/s', ratio: 1, divisor: 1 },
  { mode: 'list', title: 'READDIRPLUS', unit: 'entries/s', ratio: 1, divisor: 1 },
  { mode: 'small', title: 'small files (open, read 4 KiB, close)', unit: 'files/s', ratio: 0.7, divisor: 1 },
  { mode: 'large', title: 'sequential reads of 1 MiB', unit: 'MB/s', ratio: 0.7, divisor: 1e6 },
] as const

export const nfsSuite: Suite = {
  name: 'NFS',
  method: `\`bench/load/nfs-load.c\`, made with libnfs: one NFSv3 connection over TCP as a node has, with 1 or 32 operations under way; no
caches in the client. ${TREE.directories} directories of ${TREE.files} files each; the large file has ${TREE.largeBytes / 2 ** 20} MiB.
nfs-ganesha: FSAL VFS, defaults, NFSv3 over TCP only. Everything in the page cache. liteboot: the root of an image, exported to the load
program's address as to any node.`,
  async open(context) {
    const program = await buildLoad('nfs-load', context.scratch, ['nfs'])
    const contestants = [{ name: OURS, ...context.liteboot }, await openGanesha(context)]
    const contest = (load: (typeof LOADS)[number], inFlight: number): Contest => ({
      title: `${load.title}, ${inFlight} at once`,
      unit: load.unit,
      target: { ratio: load.ratio, against: 'ganesha' },
      contestants,
      async load(wire) {
        const { count, seconds, errors } = await runLoad<NfsFigures>(wire, program, [
          ...[SERVER, context.site.rootimg, load.mode, String(inFlight), String(context.seconds)],
          ...[String(TREE.directories), String(TREE.files)],
        ])
        if (errors > 0) throw new Error(`${load.title}: ${errors} operations failed`)
        return count / seconds / load.divisor
      },
    })
    return LOADS.flatMap((load) => IN_FLIGHT.map((inFlight) => contest(load, inFlight)))
  },
}
