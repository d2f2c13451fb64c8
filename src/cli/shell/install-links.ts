import { dirname, join, resolve } from 'node:path'
import { type CommandResult, commandResult } from '../../api/protocol.ts'
import type { CliCommand } from '../command.ts'
import { renderCompletion } from './completion.ts'
import { type LinkChange, planLinks, planRemoval } from './links.ts'
import { renderManPages } from './man.ts'
import { orFileError, removeOwnFiles, writeLink, writeOwnFiles } from './own-files.ts'
import { PROGRAM, programNames } from './program.ts'

interface Options {
  remove?: boolean
  man?: boolean
  completion?: boolean
  force?: boolean
  dryRun?: boolean
}

const DEFAULT_DIRECTORY = '/usr/local/bin'

export const installLinks: CliCommand = {
  name: 'install-links',
  summary: "Give xCAT's commands their own names: links such as `lsdef`, in a directory of PATH.",
  details: [
    'What is there already stays: a file that is not ours, and a command of the same name elsewhere in PATH (an installed xCAT). It is named, the other links are made, and the exit status is 1. Running it again does no harm, and adds the commands of a new version.',
    'Commands whose names belong to other programs too, such as `history`, are always typed after `liteboot`.',
  ],
  examples: [
    {
      says: 'Links, man pages and completion for everybody on this machine',
      run: 'liteboot install-links --man --completion',
    },
    { says: 'Links somewhere else', run: 'liteboot install-links ~/bin' },
    { says: 'Take them away again', run: 'liteboot install-links --remove --man --completion' },
  ],
  completes: { directory: 'directories' },
  define(program, run) {
    program
      .argument('[directory]', `where the links are made (default: ${DEFAULT_DIRECTORY})`)
      .option('--remove', 'remove what was made; nothing else is touched')
      .option('--man', 'the man pages too, in ../share/man/man1')
      .option('--completion', 'completion for bash and zsh too, in ../share')
      .option(
        '-f, --force',
        'also where PATH has another command, or the link is of another liteboot; files always stay',
      )
      .option('--dry-run', 'say what would be done, and do nothing')
      .action((directory: string | undefined, options: Options) => {
        run(async () => installOrRemove(resolve(directory ?? DEFAULT_DIRECTORY), options))
      })
  },
}

interface Done {
  /** Paths. */
  readonly made: string[]
  readonly removed: string[]
  readonly present: string[]
  readonly errors: string[]
}

async function installOrRemove(directory: string, options: Options): Promise<CommandResult> {
  const done: Done = { made: [], removed: [], present: [], errors: [] }
  const changes = options.remove
    ? planRemoval(directory)
    : planLinks(directory, programNames(), { force: options.force === true })
  for (const change of changes) apply(change, done, options.dryRun === true)
  if (!options.dryRun) {
    const share = join(dirname(directory), 'share')
    if (options.man) await installManPages(join(share, 'man/man1'), done, options)
    if (options.completion) installCompletion(share, done, options)
  }
  return commandResult(summarize(directory, done, options), { directory, ...done }, done.errors)
}

function apply(change: LinkChange, done: Done, dryRun: boolean): void {
  switch (change.kind) {
    case 'make':
      if (!dryRun) writeLink(change.path, PROGRAM)
      done.made.push(change.path)
      break
    case 'remove':
      if (!dryRun) orFileError(() => change.unlink())
      done.removed.push(change.path)
      break
    case 'present':
      done.present.push(change.path)
      break
    case 'refuse':
      done.errors.push(`Error: ${change.why}`)
  }
}

async function installManPages(directory: string, done: Done, { remove }: Options): Promise<void> {
  const pages = await renderManPages()
  if (remove) done.removed.push(...removeOwnFiles(directory, pages.keys()))
  else addWritten(done, writeOwnFiles(directory, pages))
}

/** bash-completion loads a file by the name of the command, zsh every file that begins with `_`. */
function installCompletion(share: string, done: Done, { remove }: Options): void {
  const bash = join(share, 'bash-completion/completions')
  const zsh = join(share, 'zsh/site-functions')
  if (remove) {
    done.removed.push(...removeOwnFiles(bash, programNames()), ...removeOwnFiles(zsh, ['_liteboot']))
    return
  }
  const script = renderCompletion('bash')
  addWritten(done, writeOwnFiles(bash, new Map(programNames().map((name) => [name, script]))))
  addWritten(done, writeOwnFiles(zsh, new Map([['_liteboot', renderCompletion('zsh')]])))
}

function addWritten(done: Done, { written, errors }: ReturnType<typeof writeOwnFiles>): void {
  done.made.push(...written)
  done.errors.push(...errors)
}

function summarize(directory: string, { made, removed, present }: Done, { remove, dryRun }: Options): string[] {
  const would = dryRun ? 'would be ' : ''
  if (remove) return [`${removed.length} files and links ${would}removed.`]
  const links = made.filter((path) => dirname(path) === directory)
  const others = made.length - links.length
  return [
    `${links.length} links ${would}made in ${directory}${present.length === 0 ? '' : `, ${present.length} were there`}.`,
    ...(others === 0 ? [] : [`${others} man pages and completion scripts written.`]),
  ]
}
