/**
 * A node without a machine: the steps run in a mount namespace of their own on directories that stand for the image, the
 * litetree directories and the persistent directory. Only `mount_nfs` is replaced (a bind mount). The image is prepared
 * here as liteimg leaves it.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, lstatSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import process from 'node:process'
import { MISSING, SCRIPTS, type Shell, STEPS } from '../test/initrd-scripts/shells.ts'

/** Content, or content with owner and mode; a path that ends in `/` is a directory (content is ignored). */
export type FileSpec =
  | string
  | { readonly content?: string; readonly mode?: number; readonly uid?: number; readonly gid?: number }
export type Files = Readonly<Record<string, FileSpec>>
export type Entry = readonly [option: string, path: string, parent?: string]

export interface Scenario {
  readonly image: Files
  readonly trees?: readonly { readonly files: Files; readonly local?: boolean }[]
  readonly entries: readonly Entry[]
  readonly extraPlan?: readonly string[]
}

export const CANNOT_RUN =
  MISSING ??
  (process.getuid?.() !== 0
    ? 'needs root (mount namespaces)'
    : spawnSync('unshare', ['-m', 'true']).status !== 0
      ? 'unshare -m does not work here'
      : undefined)

export function writeFiles(root: string, files: Files): void {
  for (const [path, spec] of Object.entries(files)) {
    const { content = '', mode, uid, gid } = typeof spec === 'string' ? { content: spec } : spec
    const target = join(root, path)
    if (path.endsWith('/')) mkdirSync(target, { recursive: true })
    else {
      mkdirSync(dirname(target), { recursive: true })
      writeFileSync(target, content)
    }
    if (uid !== undefined) chownSync(target, uid, gid ?? uid)
    if (mode !== undefined) chmodSync(target, mode)
  }
}

const bare = (path: string) => path.replace(/\/$/, '')
const exists = (path: string) => lstatSync(path, { throwIfNoEntry: false }) !== undefined

/** Two-level links for link options, a pristine copy in /.default for the others, empty objects for what is missing. */
export function prepareImage(image: string, entries: readonly Entry[]): void {
  for (const directory of ['.default', '.statelite/tmpfs', 'proc', 'sys', 'dev', 'run'])
    mkdirSync(join(image, directory), { recursive: true })
  const empty = (target: string, path: string) => {
    if (exists(target)) return
    mkdirSync(dirname(target), { recursive: true })
    if (path.endsWith('/')) mkdirSync(target)
    else writeFileSync(target, '')
  }
  for (const [option, path, parent] of entries) {
    const original = join(image, bare(path))
    const pristine = join(image, '.default', bare(path))
    if (!option.startsWith('link')) {
      empty(original, path)
      mkdirSync(dirname(pristine), { recursive: true })
      if (!exists(pristine)) spawnSync('cp', ['-a', '-T', original, pristine])
      continue
    }
    if (parent === undefined && exists(original)) {
      mkdirSync(dirname(pristine), { recursive: true })
      renameSync(original, pristine)
    }
    empty(pristine, path)
    if (parent !== undefined) continue
    const middle = join(image, '.statelite/tmpfs', bare(path))
    for (const link of [middle, original]) mkdirSync(dirname(link), { recursive: true })
    symlinkSync(relative(dirname(middle), pristine), middle)
    symlinkSync(relative(dirname(original), middle), original)
  }
  writeFileSync(join(image, '.statelite/revision'), 'rev1\n')
}

/** Lays everything out below `work` and writes the plan. */
export function layOut(work: string, scenario: Scenario): void {
  const image = join(work, 'server/image')
  for (const directory of ['server/image', 'server/state', 'sysroot', 'newrun'])
    mkdirSync(join(work, directory), { recursive: true })
  writeFiles(image, scenario.image)
  prepareImage(image, scenario.entries)
  const trees = (scenario.trees ?? []).map(({ files, local }, index) => {
    const directory = local ? `/opt/tree${index + 1}` : `/tree${index + 1}`
    writeFiles(local ? join(image, directory) : join(work, 'server', directory), { './': '', ...files })
    return `tree\t${(index + 1) * 10}\t${local ? '-' : '10.77.0.1'}\t${directory}\t-\trequired`
  })
  writePlan(work, [
    ...trees,
    ...(scenario.extraPlan ?? []),
    ...scenario.entries.map(([option, path, parent]) => `entry\t${option}\t${path}\t${parent ?? '-'}`),
  ])
}

export function writePlan(work: string, middle: readonly string[], report = '-'): void {
  const lines = [
    'liteboot-plan\t1\tcn07',
    'server\t10.77.0.1\t80',
    `report\t${report}`,
    'image\ttestimage\trev1',
    'root\tnfs\t10.77.0.1\t/image\tro',
    'statelite\t750',
    'persistent\t10.77.0.1\t/state\trw',
    ...middle,
    'hostname\tcn07\tdemo.cluster',
    'machine-id\t0123456789abcdef0123456789abcdef',
    'interface\t52:54:00:77:00:01\t10.77.0.11/16\t10.77.0.254\t9000',
    'nameserver\t10.77.0.1',
  ]
  writeFileSync(join(work, 'run/plan'), `${[...lines, `end\t${lines.length}`].join('\n')}\n`)
}

const MOUNT_FROM_DISK = `
mount_nfs() {
  [ -d "$WORK/server$2" ] || { echo "no such export" >&2; return 1; }
  mount -o bind "$WORK/server$2" "$3" || return 1
  case ",$4," in *,ro,*) mount -o remount,bind,ro "$WORK/server$2" "$3" ;; esac
}
set_kernel_hostname() { echo "$1" >"$RUN_DIR/kernel-hostname"; }
stages() { for name in "$@"; do STAGE=$name STAGE_NOTES=; "stage_$name" || { echo "FAILED $name: $FAIL_REASON"; return 1; }; done; }
# file type, owner, mode of what a path leads to on the node
look() { stat -c '%F %u:%g %a' "$(resolve_in_root "$NEWROOT" "$1")"; }
content() { cat "$(resolve_in_root "$NEWROOT" "$1")"; }
at() { mount_facts "$NEWROOT$1" | { read -r _ flags _ && echo "mounted \${flags%%,*}"; } || echo "not mounted"; }
tries() { if { echo x >>"$(resolve_in_root "$NEWROOT" "$1")"; } 2>/dev/null; then echo works; else echo fails; fi; }
`

export interface NodeRun {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Sources the steps in a new mount namespace and runs `script` there. Does not block: tests answer HTTP meanwhile. */
export function runNode(
  shell: Shell,
  work: string,
  script: string,
  settings = '',
  namespaces = '-m',
): Promise<NodeRun> {
  const text = [
    'set -u',
    `WORK=${work} RUN_DIR=${work}/run NEWROOT=${work}/sysroot NEWRUN=${work}/newrun KMSG=/dev/null BACKOFF_CAP_MS=200`,
    `NFS_TYPES='nfs nfs4 ext4 xfs btrfs overlay tmpfs zfs' TREES_DEADLINE_SECONDS=3 BOOT_INTERFACE=eth0`,
    `UNIT_FILE=${SCRIPTS}/node/liteboot-booted.service SYS_NET=${work}/net`,
    settings,
    ...STEPS.map((step) => `. ${SCRIPTS}/steps/${step}.sh`),
    'STAGE=test STAGE_NOTES= BOOT_INTERFACE=eth0 REPORTS_OFF=1',
    MOUNT_FROM_DISK,
    script,
  ].join('\n')
  const child: ChildProcess = spawn('/usr/bin/unshare', [namespaces, '--', ...shell.argv, '-c', text], {
    cwd: work,
    env: { PATH: join(work, 'bin') },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  })
  return new Promise((resolve, reject) => {
    let stdout = ''
    let stderr = ''
    child.stdout?.on('data', (data: Buffer) => {
      stdout += data.toString()
    })
    child.stderr?.on('data', (data: Buffer) => {
      stderr += data.toString()
    })
    child.on('error', reject)
    child.on('close', (status) => resolve({ status, stdout, stderr }))
  })
}
