/**
 * A site that serves boot files from a TFTP and HTTP server of its own: `nodeset --export` writes them there, and liteboot gives
 * addresses, the plan and NFS. Each case boots to the login prompt; what it loaded must be in the other server's logs, and
 * nothing of it in ours.
 *
 *   node vm-harness/scenarios/exported.ts [case …] [--keep] [--directory DIR]
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { firstBootChecks } from '../demo/checklist.ts'
import { IMAGE, NODES, SERVER } from '../demo/site.ts'
import type { FirmwareName } from '../firmware.ts'
import type { Lab } from '../lab.ts'
import { prepareSite } from '../matrix/site.ts'
import { type Rehearsal, rehearse } from '../rehearsal.ts'

const [NODE] = NODES
const FILES_SERVER = '10.77.0.4'

interface Case {
  readonly name: string
  readonly firmware: FirmwareName
  readonly netboot: string
  /** Of packages: the same for all nodes, and placed there by whoever runs the other server. */
  readonly programs: readonly string[]
  /** What the other server must have given out. */
  readonly tftp: readonly RegExp[]
  readonly http: readonly RegExp[]
}

const CASES: readonly Case[] = [
  {
    name: 'ipxe',
    firmware: 'uefi',
    netboot: 'ipxe',
    programs: ['/usr/lib/ipxe/snponly.efi'],
    tftp: [/snponly\.efi/],
    http: [/GET \/boot\/ipxe\/n1 .* 200/, /GET \/image\/\S+\/kernel .* 200/, /GET \/image\/\S+\/initrd .* 200/],
  },
  {
    name: 'pxelinux',
    firmware: 'bios',
    netboot: 'pxe',
    programs: ['/usr/lib/PXELINUX/pxelinux.0', '/usr/lib/syslinux/modules/bios/ldlinux.c32'],
    tftp: [/pxelinux\.0/, /ldlinux\.c32/, /pxelinux\.cfg\/n1/, /image\/\S+\/kernel/, /image\/\S+\/initrd/],
    http: [],
  },
  {
    name: 'shim-tftp',
    firmware: 'uefi',
    netboot: 'grub2',
    programs: [],
    tftp: [
      /boot\/efi\/n1\/netbootx64\.efi/,
      /boot\/efi\/n1\/\/?grubx64\.efi/,
      /grub\/grub\.cfg/,
      /boot\/grub2\/grub\.cfg-52:54:00:77:00:01/,
      /image\/\S+\/kernel/,
      /image\/\S+\/initrd/,
    ],
    http: [],
  },
  {
    name: 'secure-boot',
    firmware: 'uefi-secure',
    netboot: 'grub2',
    programs: [],
    tftp: [/boot\/efi\/n1\/netbootx64\.efi/, /boot\/efi\/n1\/\/?grubx64\.efi/, /image\/\S+\/kernel/],
    http: [],
  },
]

interface FilesServer {
  readonly directory: string
  /** Since the last time. */
  takeLogs(): { readonly tftp: string; readonly http: string }
}

/** dnsmasq's TFTP and Python's HTTP server on a machine of their own. */
async function openFilesServer(rehearsal: Rehearsal, lab: Lab): Promise<FilesServer> {
  const host = await lab.addHost('files', `${FILES_SERVER}/16`)
  const directory = join(rehearsal.directory, 'exported')
  mkdirSync(directory)
  const log = (name: string) => join(rehearsal.runDirectory, `files-${name}.log`)
  const words = ['--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--user=root', '--enable-tftp']
  const tftp = host.spawn('dnsmasq', [...words, `--tftp-root=${directory}`, `--log-facility=${log('tftp')}`], {
    stdio: 'ignore',
  })
  const serve = 'exec python3 -u -m http.server --protocol HTTP/1.1 --directory "$1" 80 >"$2" 2>&1'
  const http = host.spawn('sh', ['-c', serve, 'sh', directory, log('http')], { stdio: 'ignore' })
  for (const child of [tftp, http]) rehearsal.cleanUps.add(() => child.kill('SIGTERM'))
  const read = { tftp: 0, http: 0 }
  const since = (name: 'tftp' | 'http') => {
    const text = existsSync(log(name)) ? readFileSync(log(name), 'utf8') : ''
    const fresh = text.slice(read[name])
    read[name] = text.length
    return fresh
  }
  return { directory, takeLogs: () => ({ tftp: since('tftp'), http: since('http') }) }
}

async function bootFromThere(rehearsal: Rehearsal, files: FilesServer, each: Case): Promise<void> {
  rehearsal.say(`${each.name}: ${each.firmware} firmware, netboot=${each.netboot}`)
  await rehearsal.command('chdef', NODE.name, `netboot=${each.netboot}`)
  await rehearsal.shown('nodeset', NODE.name, `osimage=${IMAGE}`, '--export', files.directory)
  for (const program of each.programs) copyFileSync(program, join(files.directory, program.split('/').at(-1) ?? ''))
  files.takeLogs()
  const machine = await rehearsal.boot({ ...NODE, firmware: each.firmware })
  await rehearsal.look(machine, firstBootChecks(NODE.name, NODE.ip))
  await machine.close()
  const logs = files.takeLogs()
  for (const pattern of each.tftp)
    rehearsal.judge(
      `the other server gave it by TFTP: ${pattern.source}`,
      new RegExp(`sent \\S*${pattern.source}`),
      logs.tftp,
    )
  for (const pattern of each.http)
    rehearsal.judge(`the other server gave it by HTTP: ${pattern.source}`, pattern, logs.http)
  const timeline = await rehearsal.timeline(NODE.name)
  rehearsal.judge(
    'our timeline has the plan and NFS, and no boot file of ours',
    /^(?![\s\S]*(tftp +read|http +get))[\s\S]*http +plan[\s\S]*nfs +mount[\s\S]*^booted after/m,
    timeline,
  )
}

async function exported(rehearsal: Rehearsal): Promise<void> {
  const strange = rehearsal.words.find((word) => !CASES.some(({ name }) => name === word))
  if (strange !== undefined) throw new Error(`${strange}: the cases are ${CASES.map(({ name }) => name).join(', ')}`)
  const paths = await prepareSite(rehearsal, 'x86_64')
  await rehearsal.command('liteimg', IMAGE)
  // Plans, NFS and reports stay here.
  await rehearsal.command(
    'chdef',
    '-t',
    'group',
    'compute',
    `tftpserver=${FILES_SERVER}`,
    `nfsserver=${SERVER}`,
    `xcatmaster=${SERVER}`,
  )
  const lab = await rehearsal.open(`${SERVER}/16`)
  rmSync(join(rehearsal.directory, 'exported'), { recursive: true, force: true })
  const files = await openFilesServer(rehearsal, lab)
  for (const each of CASES.filter(({ name }) => rehearsal.words.length === 0 || rehearsal.words.includes(name))) {
    rmSync(paths.persistent, { recursive: true, force: true })
    mkdirSync(paths.persistent)
    await bootFromThere(rehearsal, files, each)
  }
}

await rehearse('exported', exported)
