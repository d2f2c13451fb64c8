import { z } from 'zod'
import { changing, flag, word, words } from '../../param-shapes.ts'

/** Hardware address, UUID or serial number. */
const machines = words

export const DISCOVERY_PARAMS = {
  'discovery.list': z.strictObject({
    /** Left out: all that wait. */
    machines,
    /** Adopted ones, too. */
    all: flag,
    long: flag,
  }),
  /** As nodediscoverls of xCAT prints it. */
  'discovery.listed': z.strictObject({ type: word, uuid: word, long: flag }),
  'discovery.remove': changing({
    machines,
    /** Every machine that waits. */
    all: flag,
    /** Those adopted in this way: a word of xCAT's. */
    type: word,
  }),
  'discovery.adopt': changing({
    noderange: z.string(),
    by: z.enum(['order', 'serial', 'switch']).optional(),
    /** One machine for one node: its hardware address, UUID or serial number. */
    machine: word,
    /** The node has a hardware address already: the machine's takes its place. */
    replace: flag,
  }),
} as const
