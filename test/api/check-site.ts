/** A site without a fault: three nodes, an image on disk that liteimg has prepared, loaders. Tests break one thing each. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { openDirectApi } from '../../src/api/direct.ts'
import { type Machine, THIS_MACHINE } from '../../src/api/methods/check/machine.ts'
import type { GroupedFinding } from '../../src/api/methods/check/report.ts'
import { runChecks } from '../../src/api/methods/check/run.ts'
import type { RunningServices } from '../../src/api/methods/context.ts'
import { readPlaces } from '../../src/api/places.ts'
import { openNodeAnswers } from '../../src/boot/node-answers.ts'
import { compileSnapshot } from '../../src/cluster/snapshot.ts'
import { openPackedRoots } from '../../src/image/pack/find.ts'
import { openSqliteStore } from '../../src/store/sqlite.ts'
import type { Row } from '../../src/tables/row.ts'
import { encodeElf } from '../image/elf-file.ts'

const APPLETS =
  'awk cat chmod chown cp cpio cut df find grep gzip ip ln ls mkdir mkfifo modprobe mount mv od readlink rm sed sh sha256sum sleep sort stat switch_root tail tee timeout tr udhcpc umount uname wget xargs'

const MODULES = ['fs/nfs/nfs', 'fs/nfs/nfsv3', 'net/sunrpc/sunrpc', 'drivers/net/ethernet/acme/roadrunner']

export interface CheckSite {
  readonly directory: string
  /** Of the image. */
  readonly rootimg: string
  readonly rootimgdir: string
  /** What the site's machine is like; may be changed. */
  machine: Machine
  isRunning: boolean
  /** What the running server sees on the wire. */
  rivals: RunningServices['rivals']
  /** What it serves; left out: it does not say. */
  served: readonly { readonly name: string; readonly address: string }[] | undefined
  rows(table: string): Promise<readonly Row[]>
  /** `chtab` */
  set(...words: string[]): Promise<void>
  /** Past every check, as another program could. */
  force(table: string, keys: Record<string, string>, values: Record<string, string>): void
  put(path: string, content: string | Buffer): void
  liteimg(): Promise<void>
  packimage(): Promise<void>
  check(...targets: string[]): Promise<readonly GroupedFinding[]>
}

export const MACHINE: Machine = {
  addresses: () => [{ name: 'eth0', address: '10.4.0.1' }],
  // Loader packages of this machine do not count.
  isReadable: (path) => !path.startsWith('/usr/') && !path.startsWith('/boot/') && THIS_MACHINE.isReadable(path),
  answers: async () => true,
  room: async () => ({ type: 'ext4', freeBytes: 1e12, totalBytes: 2e12, freeInodes: 1e6, totalInodes: 2e6 }),
  listening: async () => new Set(),
}

export async function openCheckSite(t: ExecutionContext): Promise<CheckSite> {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-check-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const places = readPlaces({ LITEBOOT_STATE: join(directory, 'state') })
  const api = openDirectApi(places)
  t.teardown(() => api.close())
  const rootimgdir = join(directory, 'image')
  const site: CheckSite = {
    directory,
    rootimgdir,
    rootimg: join(rootimgdir, 'rootimg'),
    machine: MACHINE,
    isRunning: true,
    rivals: undefined,
    served: undefined,
    async rows(table) {
      const store = openSqliteStore({ path: places.tables })
      const rows = store.read(table)
      store.close()
      return rows
    },
    async set(...words) {
      await api.call('tables.change', { words })
    },
    force(table, keys, values) {
      const store = openSqliteStore({ path: places.tables })
      store.transact((transaction) => transaction.setRows(table, keys, values), { author: 'test' })
      store.close()
    },
    put(path, content) {
      mkdirSync(dirname(join(directory, path)), { recursive: true })
      writeFileSync(join(directory, path), content)
    },
    async liteimg() {
      await api.call('image.liteimg', { image: 'lite' })
    },
    async packimage() {
      await api.call('image.pack', { image: 'lite' })
    },
    async check(...targets) {
      const store = openSqliteStore({ path: places.tables })
      const answers = openNodeAnswers({
        addresses: ['10.4.0.1'],
        httpPort: undefined,
        nfs: { port: 2049, mountPort: 20048 },
        packedRoot: openPackedRoots(),
      })
      const server = {
        leases: () => [],
        flushTimeline() {},
        usersOf: () => [],
        ...(site.rivals ? { rivals: site.rivals } : {}),
        ...(site.served ? { interfaces: () => site.served ?? [] } : {}),
      }
      const context = {
        store,
        compiled: async () => ({ snapshot: compileSnapshot(store, undefined, 1), answers }),
        timelineFile: places.timeline,
        ...(site.isRunning ? { server } : {}),
      }
      try {
        return (await runChecks(context, targets, site.machine, () => {})).findings
      } finally {
        store.close()
      }
    },
  }
  fillTree(site)
  await fillTables(site)
  await site.liteimg()
  return site
}

function fillTree(site: CheckSite): void {
  const put = (path: string, content: string | Buffer) => site.put(`image/rootimg/${path}`, content)
  const kernel = Buffer.alloc(0x300)
  kernel.write('HdrS', 0x202)
  put('boot/vmlinuz-6.1.0-56', kernel)
  for (const name of MODULES) put(`lib/modules/6.1.0-56/kernel/${name}.ko`, encodeElf({ machine: 62, modinfo: {} }))
  put('lib/modules/6.1.0-56/modules.dep', MODULES.map((name) => `kernel/${name}.ko:\n`).join(''))
  put('lib/modules/6.1.0-56/modules.alias', '')
  put('lib/modules/6.1.0-56/modules.builtin', '')
  const applets = Buffer.from(`\0${APPLETS.replaceAll(' ', '\0')}\0`)
  put('bin/busybox', Buffer.concat([encodeElf({ machine: 62, modinfo: {} }), applets]))
  put('bin/sh', encodeElf({ machine: 62 }))
  put('sbin/init', encodeElf({ machine: 62 }))
  put('etc/fstab', '')
  put('etc/motd', 'welcome')
  put('var/lib/app/data', 'x')
  for (const name of ['undionly.kpxe', 'snponly.efi']) site.put(`tftpboot/${name}`, 'loader')
  mkdirSync(join(site.directory, 'persistent'))
}

async function fillTables(site: CheckSite): Promise<void> {
  const { set, directory, rootimgdir } = site
  await set('key=master', 'site.value=10.4.0.1')
  await set('key=tftpdir', `site.value=${directory}/tftpboot`)
  await set('netname=lab,net=10.4.0.0,mask=255.255.0.0', 'networks.gateway=10.4.0.1')
  await set(
    'imagename=lite',
    'osimage.provmethod=statelite',
    'osimage.osarch=x86_64',
    `linuximage.rootimgdir=${rootimgdir}`,
  )
  for (const at of [1, 2, 3]) await set(`node=cn${at}`, 'nodelist.groups=cn,all', `mac.mac=02:00:00:00:00:0${at}`)
  await set('node=cn', 'hosts.ip=|10.4.1.($1)|', `statelite.statemnt=10.4.0.1:${directory}/persistent`)
  await set('node=cn', 'nodetype.provmethod=lite', 'nodetype.arch=x86_64', 'noderes.netboot=xnba')
  await set('image=ALL,file=/etc/motd', 'litefile.options=link')
  await set('image=lite,file=/var/lib/app/', 'litefile.options=persistent')
}
