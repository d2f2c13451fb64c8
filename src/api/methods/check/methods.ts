/** What could make a boot fail, found before it does. */
import type { MethodEntries } from '../entry.ts'
import type { CHECK_PARAMS } from './params.ts'

export const CHECK_METHODS: MethodEntries<keyof typeof CHECK_PARAMS> = {}
