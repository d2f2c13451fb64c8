/** Nodes by noderange: listing, adding, changing, removing. */
import type { MethodEntries } from '../entry.ts'
import type { NODE_PARAMS } from './params.ts'

export const NODE_METHODS: MethodEntries<keyof typeof NODE_PARAMS> = {}
