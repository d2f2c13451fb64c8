/** The one word nodeset is told, taken apart. Knows no tables. */
import { isStateWord, type StateWord } from '../../../boot/state.ts'
import { LEARN_WORD } from '../../../statelite/learn.ts'
import { OperatorError } from '../../errors.ts'

export type Action =
  /** `image` undefined: each node's own, as provmethod has it. */
  | {
      readonly kind: 'image'
      readonly word: 'osimage' | 'statelite' | typeof LEARN_WORD
      readonly image: string | undefined
    }
  | { readonly kind: 'state'; readonly word: StateWord }

const LEGACY =
  'The options "install", "netboot", and "statelite" have been deprecated, use "osimage=<osimage_name>" instead.'

/** @throws OperatorError in xCAT's words */
export function parseAction(text: string): Action {
  const at = text.indexOf('=')
  const word = at === -1 ? text : text.slice(0, at)
  const value = at === -1 ? undefined : text.slice(at + 1).trim()
  if (word === 'osimage' || word === 'statelite' || word === LEARN_WORD) {
    if (value === '')
      throw new OperatorError('LB_USAGE', `Invalid argument: '${text}': the name of the image is missing`)
    return { kind: 'image', word, image: value }
  }
  if (word === 'install' || word === 'netboot') {
    throw new OperatorError('LB_BAD_INPUT', LEGACY, 'List the images with `lsdef -t osimage`; nothing was changed.')
  }
  if (word === 'runcmd' || word === 'runimage') {
    throw new OperatorError(
      'LB_BAD_INPUT',
      `${word}= is not offered: it runs programs of the xCAT discovery image, which liteboot does not have`,
      'Use `nodeset <noderange> shell` and work on the console, or put the program into an image; nothing was changed.',
    )
  }
  if (value === undefined && isStateWord(word)) return { kind: 'state', word }
  throw new OperatorError(
    'LB_BAD_INPUT',
    `Unknown state ${text} requested`,
    'States: osimage[=<image>], statelite[=<image>], learn[=<image>], boot, offline, shell, shutdown, stat. Nothing was changed.',
  )
}
