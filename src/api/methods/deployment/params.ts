import { z } from 'zod'
import { changing, flag, word } from '../../param-shapes.ts'

/** `dryRun` of the two that only look is there because their command has it for its other use. */
export const DEPLOYMENT_PARAMS = {
  /** `action`: `osimage[=X]`, `statelite[=X]`, `boot`, `offline`, `shell`, `shutdown`; left out: only the export. */
  'nodeset.set': changing({ noderange: z.string(), action: word, exportDirectory: word, verbose: flag }),
  'nodeset.stat': changing({ noderange: z.string() }),
  'nodestat.show': changing({ noderange: z.string(), power: flag }),
  'nodestat.update': changing({ noderange: z.string(), power: flag }),
  'pping.show': z.strictObject({ noderange: z.string(), interfaces: word }),
  'hosts.make': changing({ noderange: word, file: word, fresh: flag, remove: flag, longNames: flag }),
  'dhcp.make': z.strictObject({ noderange: word }),
  'dhcp.query': z.strictObject({ noderange: z.string() }),
} as const
