/**
 * `liteboot __complete words <word>...` or `line <text>`: what may stand where the cursor is, for the scripts that
 * `liteboot completion` prints. One candidate a line, a tab, and what it is. `:files` and `:directories` in the first line:
 * the shell knows better.
 */
import { basename } from 'node:path'
import { connectApi } from '../../api/client.ts'
import type { CliCommand } from '../command.ts'
import { COMMANDS } from '../commands.ts'
import type { Terminal } from '../run.ts'
import { askApi, type Candidate, commandNames, findCandidates } from './candidates.ts'
import { locate, splitLine } from './command-line.ts'
import { defineCommand } from './define.ts'

/** Nothing but candidates may ever be printed: it would land in the prompt. */
export async function complete(args: readonly string[], terminal: Terminal): Promise<number> {
  const [form, ...rest] = args
  const words = form === 'line' ? splitLine(rest[0] ?? '') : rest
  try {
    terminal.out(await answer(words, terminal.places))
    return 0
  } catch {
    return 1
  }
}

async function answer(words: readonly string[], places: Terminal['places']): Promise<string> {
  const called = basename(words[0] ?? '')
  const own = Object.hasOwn(COMMANDS, called)
  const name = own ? called : (words[1] ?? '')
  if (!own && words.length <= 2) return render(topLevel(name))
  if (!own && (name === 'help' || name === '--help'))
    return render(words.length === 3 ? commandNames(words[2] ?? '') : [])
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  // The programs take files and numbers.
  if (!entry) return ':files\n'
  return completeCommand(await entry.load(), words.slice(own ? 1 : 2), places)
}

function topLevel(prefix: string): readonly Candidate[] {
  const others: readonly Candidate[] = [
    ['help', 'explain a command'],
    ...(prefix.startsWith('-') ? ([['--help'], ['--version']] as const) : []),
  ]
  return [...commandNames(prefix), ...others.filter(([word]) => word.startsWith(prefix))]
}

async function completeCommand(
  command: CliCommand,
  words: readonly string[],
  places: Terminal['places'],
): Promise<string> {
  const program = defineCommand(command, () => {})
  const place = locate(command, program, words)
  const { expected } = place
  if (expected === 'files' || expected === 'directories') return `:${expected}\n`
  if (expected === 'options') {
    const options = program.createHelp().visibleOptions(program)
    const flags = options.flatMap(({ short, long, description }) =>
      [short, long].flatMap((flag): Candidate[] => (flag?.startsWith(place.value) ? [[flag, description]] : [])),
    )
    return render(flags)
  }
  if (expected === 'nothing') return ''
  const api = await connectApi(places)
  try {
    return render(await findCandidates(place, askApi(api)))
  } finally {
    await api.close()
  }
}

/** A name that a shell would have to quote is left to be typed. */
const PLAIN = /^[\w.,:;=@/+%^-]+$/

function render(candidates: readonly Candidate[]): string {
  const lines = candidates
    .filter(([word]) => PLAIN.test(word))
    .map(([word, description]) => (description === undefined ? word : `${word}\t${description.replace(/\s+/g, ' ')}`))
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}
