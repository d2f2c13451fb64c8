/** A site's own NFS server beside liteboot: nfs-ganesha, on a machine of its own on the same bridge. */
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab } from '../lab.ts'
import type { Rehearsal } from '../rehearsal.ts'

export const FILER = '10.77.0.3'

export interface Filer {
  /** Serves the directory to these addresses only, instead of those before. */
  export(directory: string, clients: string): Promise<void>
}

/** At first nothing serves there: whoever asks is refused the connection. */
export async function openFiler(rehearsal: Rehearsal, lab: Lab): Promise<Filer> {
  const host = await lab.addHost('filer', `${FILER}/16`)
  const file = (name: string) => join(rehearsal.runDirectory, `filer-${name}`)
  mkdirSync(file('state'))
  let stop = async () => {}
  rehearsal.cleanUps.add(() => stop())
  return {
    async export(directory, clients) {
      await stop()
      writeFileSync(file('ganesha.conf'), configuration(directory, clients, file('state')))
      const child = host.spawn('unshare', [
        ...['--pid', '--fork', '--kill-child', 'sh', '-c', START],
        ...['sh', file('ganesha.conf'), file('ganesha.log')],
      ])
      const ended = once(child, 'exit')
      stop = async () => {
        if (child.kill('SIGKILL')) await ended
      }
      const isUp = () =>
        host.exec('rpcinfo', ['-T', 'tcp', FILER, 'mountd', '3']).then(
          () => true,
          () => undefined,
        )
      await rehearsal.until('the filer answers', isUp)
    },
  }
}

/** ganesha refuses to start without a portmapper beside it; both need a /run of their own. */
const START = `mount -t tmpfs none /run; rpcbind -f -w & while ! rpcinfo -p >/dev/null 2>&1; do sleep 0.1; done
exec ganesha.nfsd -F -f "$1" -L "$2" -p /run/ganesha.pid -N EVENT`

function configuration(directory: string, clients: string, state: string): string {
  return `
NFS_CORE_PARAM { Bind_addr = ${FILER}; NFS_Protocols = 3; NFS_Port = 2049; MNT_Port = 20048; Enable_NLM = false; Enable_RQUOTA = false; Enable_UDP = false; }
NFSV4 { Graceless = true; RecoveryBackend = fs; RecoveryRoot = ${state}; }
EXPORT_DEFAULTS { Squash = No_Root_Squash; SecType = sys; Transports = TCP; Access_Type = None; }
EXPORT {
  Export_Id = 1; Path = ${directory}; Pseudo = /persistent; Protocols = 3; FSAL { Name = VFS; }
  CLIENT { Clients = ${clients}; Access_Type = RW; }
}
`
}
