/** The administrator's shell: command lines as they are typed, on a machine whose `/install` and so on are directories of the rehearsal. */
import { spawn } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { LITEBOOT } from '../liteboot.ts'

const COMMANDS = [
  ...[
    'chdef',
    'chtab',
    'copycds',
    'genimage',
    'liteimg',
    'litefile',
    'litetree',
    'lsdef',
    'lslite',
    'mkdef',
    'nodeset',
  ],
  ...['tabdump', 'nodestat'],
]

export interface Said {
  /** Standard output, then standard error, with the administrator's paths. */
  readonly text: string
  readonly status: number
}

export interface AdminShell {
  /** Runs one line of sh, and prints it with what it answers. */
  run(line: string, options?: { readonly isQuiet?: boolean }): Promise<Said>
  /** Where a path of the administrator's is in truth. */
  real(path: string): string
}

/** @param places the administrator's path → where that is in truth: `/install` and the like */
export function openAdminShell(directory: string, state: string, places: Readonly<Record<string, string>>): AdminShell {
  const bin = join(directory, 'bin')
  mkdirSync(bin, { recursive: true })
  for (const name of [...COMMANDS, 'liteboot']) symlinkSync(LITEBOOT, join(bin, name))
  const names = new RegExp(`(^|[\\s=:,'"(<>])(${Object.keys(places).join('|')})(?![\\w-])`, 'gm')
  const real = (text: string) => text.replace(names, (_, before: string, place: string) => before + places[place])
  const asTyped = (text: string) =>
    Object.entries(places).reduce((rest, [place, truth]) => rest.replaceAll(truth, place), text)
  return {
    real,
    async run(line, { isQuiet = false } = {}) {
      process.stdout.write(`$ ${line.replaceAll('\n', '\n> ')}\n`)
      const said = await runLine(real(line), directory, {
        ...process.env,
        LITEBOOT_STATE: state,
        PATH: `${bin}:${process.env.PATH}`,
      })
      const text = asTyped(said.text)
      if (!isQuiet) process.stdout.write(text)
      return { text, status: said.status }
    },
  }
}

function runLine(line: string, directory: string, env: NodeJS.ProcessEnv): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', line], { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const said = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].on('data', (chunk: Buffer) => {
        said[stream] += chunk.toString()
      })
    child.once('error', reject)
    child.once('close', (code) => resolve({ text: said.stdout + said.stderr, status: code ?? 1 }))
  })
}
