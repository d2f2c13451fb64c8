import { z } from 'zod'
import { flag } from '../../param-shapes.ts'

export const BOOT_PARAMS = {
  'server.ping': z.strictObject({}),
  'timeline.show': z.strictObject({ node: z.string(), all: flag }),
  'exports.list': z.strictObject({}),
  'leases.list': z.strictObject({}),
} as const
