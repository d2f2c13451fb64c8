import { z } from 'zod'
import { changing, flag, ranged, word } from '../../param-shapes.ts'

const suggested = { noderange: word, preset: word, image: word, verbose: flag }

export const STATELITE_PARAMS = {
  'statelite.litefile': ranged,
  'statelite.ilitefile': z.strictObject({ image: z.string() }),
  'statelite.litetree': ranged,
  'statelite.lslite': z.strictObject({ noderange: word, image: word, verbose: flag }),
  'statelite.plan': z.strictObject({ node: z.string() }),
  'localdisk.show': changing({ noderange: z.string() }),
  'localdisk.reformat': changing({ noderange: z.string() }),
  'localdisk.keep': changing({ noderange: z.string() }),
  'suggest.show': z.strictObject(suggested),
  'suggest.add': changing(suggested),
  'suggest.presets': z.strictObject({ preset: word }),
  'vm.describe': z.strictObject({ node: z.string() }),
} as const
