/** Who may do what, from where. */
import type { MethodEntries } from '../entry.ts'
import type { ACCESS_PARAMS } from './params.ts'

export const ACCESS_METHODS: MethodEntries<keyof typeof ACCESS_PARAMS> = {}
