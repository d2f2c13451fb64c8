/** Whole sites in and out. */
import type { MethodEntries } from '../entry.ts'
import type { MIGRATION_PARAMS } from './params.ts'

export const MIGRATION_METHODS: MethodEntries<keyof typeof MIGRATION_PARAMS> = {}
