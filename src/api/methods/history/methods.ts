/** What was changed, by whom, and back again. */
import type { MethodEntries } from '../entry.ts'
import type { HISTORY_PARAMS } from './params.ts'

export const HISTORY_METHODS: MethodEntries<keyof typeof HISTORY_PARAMS> = {}
