/**
 * Transcripts of a terminal as tests. `$ words` is typed; below it stand standard output, then standard error with `! `
 * before each line, then the exit status as `[1]` unless it is 0. `$ words < name` gives a text as standard input.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { type Places, readPlaces } from '../../src/api/places.ts'
import { runCli } from '../../src/cli/run.ts'

export interface Site {
  readonly places: Places
  readonly directory: string
}

/** A state directory of its own, without a server. */
export function newSite(t: ExecutionContext): Site {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-cli-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return { directory, places: readPlaces({ LITEBOOT_STATE: join(directory, 'state') }) }
}

export interface Ran {
  readonly stdout: string
  readonly stderr: string
  readonly status: number
}

export async function runCommand(site: Site, words: readonly string[], input = '', isTerminal = false): Promise<Ran> {
  let stdout = ''
  let stderr = ''
  const status = await runCli(words[0] ?? '', words.slice(1), {
    out: (text) => {
      stdout += text
    },
    err: (text) => {
      stderr += text
    },
    errIsTerminal: isTerminal,
    input: async () => input,
    places: site.places,
  })
  return { stdout, stderr, status }
}

/** Words as a shell splits them: blanks, 'single' and "double" quotes; nothing is expanded. `@` is the site's directory. */
function splitWords(line: string, site: Site): string[] {
  const words = [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'),
  )
  return words.map((word) => word.replaceAll('@', site.directory))
}

function renderRun({ stdout, stderr, status }: Ran, site: Site): string {
  const errors = stderr.replace(/^(?=.)/gm, '! ').replace(/ +$/gm, '')
  return `${stdout}${errors}${status === 0 ? '' : `[${status}]\n`}`.replaceAll(site.directory, '@')
}

/** Runs every `$` line and compares the whole. */
export async function transcript(
  t: ExecutionContext,
  site: Site,
  text: string,
  inputs: Readonly<Record<string, string>> = {},
): Promise<void> {
  const expected = `${text.replace(/^\n/, '').trimEnd()}\n`
  let actual = ''
  for (const line of expected.split('\n')) {
    const [, typed = '', , inputName] = /^\$ (.*?)( < (\w+))?$/.exec(line) ?? []
    if (typed === '') continue
    const ran = await runCommand(site, splitWords(typed, site), inputName === undefined ? '' : inputs[inputName])
    actual += `${line}\n${renderRun(ran, site)}`
  }
  t.is(actual, expected)
}
