/** `image copy` and `image diff`: the words behind them. */
import { OperatorError } from '../../api/errors.ts'
import type { CommandResult } from '../../api/protocol.ts'
import type { CliCall } from '../command.ts'
import { wholeNumber } from './whole-number.ts'

export interface CopyOrDiff {
  readonly image: string | undefined
  readonly words: readonly string[]
  readonly options: { readonly limit?: string }
}

export function copyImage({ api, onProgress }: CliCall, { image, words }: CopyOrDiff): Promise<CommandResult> {
  const [to, ...others] = words
  if (image === undefined || to === undefined || others.length > 0)
    throw new OperatorError('LB_USAGE', 'image copy takes two names: the image and the new one.')
  const [, from = image, number] = /^(.+)@([^@]*)$/.exec(image) ?? []
  return api.call('image.copy', { from, to, generation: wholeNumber('<image>@', number) }, onProgress)
}

export function diffImages(
  { api, onProgress }: CliCall,
  { image, words, options }: CopyOrDiff,
): Promise<CommandResult> {
  const [to, ...others] = words
  if (image === undefined || to === undefined || others.length > 0)
    throw new OperatorError('LB_USAGE', 'image diff takes two images: <image> or <image>@<generation>.')
  return api.call('image.diff', { from: image, to, limit: wholeNumber('--limit', options.limit) }, onProgress)
}
