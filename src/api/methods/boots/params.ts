import { z } from 'zod'
import { changing, flag, word } from '../../param-shapes.ts'

export const BOOT_PARAMS = {
  'server.ping': z.strictObject({}),
  'timeline.show': z.strictObject({ node: z.string(), all: flag }),
  'exports.list': z.strictObject({}),
  'leases.list': z.strictObject({}),
  'grub.list': z.strictObject({}),
  /** `from` is absolute; left out: what images, their media and the server have. `force`: also from modules that find no card. `arch`: ppc64le when left out. */
  'grub.make': changing({ from: word, force: flag, arch: z.enum(['ppc64le', 'x86_64', 'aarch64']).optional() }),
} as const
