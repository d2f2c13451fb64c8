/**
 * Runs pieces of the initrd scripts as the initrd would: only busybox applets on PATH, under each shell they promise to
 * work with. Knows nothing of what the steps do.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'

export const SCRIPTS = resolve(import.meta.dirname, '../../initrd-scripts')

/** In the order in which /init sources them: each uses what stands before it. */
export const STEPS = [
  ...[
    'log',
    'cmdline',
    'retry',
    'report',
    'plan',
    'mounts',
    'network',
    'inventory',
    'rescue',
    'learn',
    'memory',
    'packed',
    'root',
    'disks',
    'tools',
    'partitions',
    'localspace',
    'localdisk',
    'persistent',
    'trees',
    'source',
  ],
  ...['entries', 'system', 'switch'],
] as const

export interface Shell {
  readonly name: string
  readonly argv: readonly [string, ...string[]]
}

const BUSYBOX = ['/bin/busybox', '/usr/bin/busybox'].find((path) => existsSync(path))

/** The shells that are installed. */
export const SHELLS: readonly Shell[] = [
  ...(BUSYBOX === undefined ? [] : [{ name: 'busybox ash', argv: [BUSYBOX, 'ash'] as const }]),
  ...['dash', 'bash'].flatMap((name) => {
    const path = [`/bin/${name}`, `/usr/bin/${name}`].find((candidate) => existsSync(candidate))
    return path === undefined ? [] : [{ name, argv: name === 'bash' ? ([path, '--norc'] as const) : ([path] as const) }]
  }),
]

/** Why these tests cannot run here, or undefined. */
export const MISSING = BUSYBOX === undefined ? 'busybox is not installed (Debian: busybox-static)' : undefined

/** A directory below which everything of one test lives; `bin` in it holds the applets. */
export function makeWorkDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'initrd-scripts-'))
  mkdirSync(join(directory, 'bin'))
  mkdirSync(join(directory, 'run'))
  if (BUSYBOX !== undefined) execFileSync(BUSYBOX, ['--install', '-s', join(directory, 'bin')])
  return directory
}

export function removeWorkDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
}

export interface ShellRun {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Sources all steps with RUN_DIR and NEWROOT in `work`, then runs `script`. `before` stands in front of the steps. */
export function runSteps(shell: Shell, work: string, script: string, before = '', wrapper: string[] = []): ShellRun {
  const prologue = [
    'set -u',
    `RUN_DIR=${work}/run NEWROOT=${work}/sysroot NEWRUN=${work}/newrun KMSG=/dev/null`,
    before,
    ...STEPS.map((step) => `. ${SCRIPTS}/steps/${step}.sh`),
    'STAGE=test STAGE_NOTES=',
  ].join('\n')
  const [program, ...rest] = [...wrapper, ...shell.argv] as [string, ...string[]]
  const result = spawnSync(program, [...rest, '-c', `${prologue}\n${script}`], {
    cwd: work,
    encoding: 'utf8',
    env: { PATH: join(work, 'bin'), LC_ALL: process.env.LC_ALL ?? 'C.UTF-8' },
    timeout: 60_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return { status: result.status, stdout: result.stdout, stderr: result.stderr }
}
