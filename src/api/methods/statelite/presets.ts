/** presets: the recommended rows of each family, and choosing one by name. */
import { PRESETS, type Preset } from '../../../statelite/presets.ts'
import { type CommandResult, commandResult } from '../../protocol.ts'
import { unknownName } from '../../suggest.ts'
import type { Method } from '../context.ts'

/** @throws OperatorError naming the nearest */
export function presetNamed(name: string): Preset {
  const names = PRESETS.map((preset) => preset.name)
  const found = PRESETS.find((preset) => preset.name === name)
  if (!found) throw unknownName('LB_BAD_INPUT', `there is no preset ${name}: ${names.join(', ')}`, name, names)
  return found
}

export const presets: Method<'suggest.presets'> = (_context, { preset }): CommandResult => {
  const chosen = preset === undefined ? PRESETS : [presetNamed(preset)]
  const lines = chosen.flatMap(({ name, title, rows }) => [
    `${name}: ${title}`,
    ...rows.map(({ file, option, reason }) => `    ${option.padEnd(10)}  ${file.padEnd(26)}  ${reason}`),
  ])
  return commandResult(lines, chosen)
}
