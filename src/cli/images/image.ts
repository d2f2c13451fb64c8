import { OperatorError } from '../../api/errors.ts'
import type { Api, CommandResult } from '../../api/protocol.ts'
import type { CliCall, CliCommand } from '../command.ts'
import { copyImage, diffImages } from './copy-and-diff.ts'
import { editImage } from './edit-image.ts'

interface Options {
  keep?: string
  live?: boolean
  discard?: boolean
  promote: boolean
  force?: string
  limit?: string
}

interface Asked {
  readonly image: string | undefined
  readonly words: readonly string[]
  readonly options: Options
}

export const image: CliCommand = {
  name: 'image',
  summary: 'Generations of an image: list them, choose the one that nodes boot, change it, remove old ones.',
  details: [
    'An image is a series of generations below its rootimgdir. liteimg, genimage and edit make new ones; a node keeps the one it booted until it boots again.',
    'promote and rollback count at once, for every boot that begins from then on. rollback goes to the generation that was current before.',
    'gc removes generations that are neither current nor booted last by any node nor among the newest (--keep, 3 if left out).',
    'edit opens a copy of the current generation: the command, or a shell, runs in its root tree, where the usual paths below rootimgdir lead to the copy. When it ends with status 0 the copy becomes a new generation, otherwise nothing has happened. --live edits the current generation itself: running nodes see the change within seconds.',
    'copy defines a new image with the attributes, the rows and a generation of another; its directory lies beside that of the other. Storage is shared where the file system makes clones (XFS, Btrfs).',
    'diff shows what is different in attributes, kernel, packages, litefile rows and files. Times alone are no difference; what liteimg moved is seen where nodes see it.',
  ],
  examples: [
    { says: 'Which generations there are, and which nodes run them', run: 'liteboot image ls el9-lite' },
    { says: 'Back to the one before', run: 'liteboot image rollback el9-lite' },
    {
      says: 'Install a package in a new generation',
      run: 'liteboot image edit el9-lite -- rpm --root . -U /tmp/tool.rpm',
    },
    { says: 'What the last change did', run: 'liteboot image diff el9-lite@3 el9-lite' },
    { says: 'What would be removed', run: 'liteboot image gc el9-lite --keep 2 --dry-run' },
  ],
  completes: { action: ['ls', 'promote', 'rollback', 'gc', 'edit', 'copy', 'diff'], image: 'images' },
  nothingGiven: 1,
  changes: true,
  define(program, run) {
    program
      .usage(
        'ls [<image>]\n       liteboot image promote <image> <generation>\n       liteboot image rollback <image>\n       liteboot image gc <image> [--keep <n>]\n       liteboot image edit <image> [--live] [--discard] [-- <command>...]\n       liteboot image copy <image>[@<generation>] <new name>\n       liteboot image diff <image>[@<generation>] <image>[@<generation>] [--limit <n>]',
      )
      .argument('<action>', 'ls, promote, rollback, gc, edit, copy or diff')
      .argument('[image]', 'name of the osimage')
      .argument('[words...]', 'number of a generation; the command to run')
      .option('--keep <n>', 'gc: so many of the newest stay (default: 3)')
      .option('--no-promote', 'edit: leave the current generation current')
      .option('--live', 'edit: change the current generation itself, under running nodes')
      .option('--discard', 'edit: throw the copy away at the end')
      .option('--force <noderange>', 'edit --live: these nodes run from it, and may see files change')
      .option('--limit <n>', 'diff: so many lines of each kind (default: 100)')
      .action((action: string, name: string | undefined, words: string[], options: Options) => {
        run((call) => perform(call, action, { image: name, words, options }))
      })
  },
}

const ACTIONS: Readonly<Record<string, (call: CliCall, asked: Asked) => Promise<CommandResult>>> = {
  ls: ({ api }, { image: name }) => api.call('image.list', { image: name }),
  promote: ({ api }, asked) =>
    api.call('image.promote', { image: named(asked, 'promote'), generation: numberOf(asked.words[0], 'a generation') }),
  rollback: ({ api }, asked) => api.call('image.rollback', { image: named(asked, 'rollback') }),
  gc: ({ api }, asked) => collect(api, asked),
  copy: copyImage,
  diff: diffImages,
  edit: (call, asked) => {
    const { live, discard, promote, force } = asked.options
    return editImage(call, {
      image: named(asked, 'edit'),
      words: asked.words,
      live: live === true,
      discard: discard === true,
      keepCurrent: !promote,
      force,
    })
  },
}

async function perform(call: CliCall, action: string, asked: Asked): Promise<CommandResult> {
  const work = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined
  if (work === undefined)
    throw new OperatorError('LB_USAGE', `image ${action}: there are ${Object.keys(ACTIONS).join(', ')}`)
  return await work(call, asked)
}

function collect(api: Api, asked: Asked): Promise<CommandResult> {
  const { keep } = asked.options
  return api.call('image.gc', {
    image: named(asked, 'gc'),
    keep: keep === undefined ? undefined : numberOf(keep, '--keep'),
  })
}

function named({ image: name }: Asked, action: string): string {
  if (name === undefined) throw new OperatorError('LB_USAGE', `image ${action} needs the name of an image`)
  return name
}

function numberOf(text: string | undefined, what: string): number {
  if (text === undefined || !/^\d{1,9}$/.test(text))
    throw new OperatorError('LB_USAGE', `${what} is a number${text === undefined ? '' : `, not ${text}`}`)
  return Number(text)
}
