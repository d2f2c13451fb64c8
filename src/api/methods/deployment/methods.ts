/** What nodes do at their next boot, and how they are reached. */
import type { MethodEntries } from '../entry.ts'
import type { DEPLOYMENT_PARAMS } from './params.ts'

export const DEPLOYMENT_METHODS: MethodEntries<keyof typeof DEPLOYMENT_PARAMS> = {}
