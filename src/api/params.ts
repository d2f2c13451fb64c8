/**
 * The methods of the API and their parameters, area by area. Whatever comes from outside is checked against these schemas;
 * commands that open the tables directly are checked by the compiler alone, and never load this file.
 */
import type { z } from 'zod'
import { ACCESS_PARAMS } from './methods/access/params.ts'
import { BOOT_PARAMS } from './methods/boots/params.ts'
import { CHECK_PARAMS } from './methods/check/params.ts'
import { DEPLOYMENT_PARAMS } from './methods/deployment/params.ts'
import { DISCOVERY_PARAMS } from './methods/discovery/params.ts'
import { HISTORY_PARAMS } from './methods/history/params.ts'
import { IMAGE_PARAMS } from './methods/images/params.ts'
import { MIGRATION_PARAMS } from './methods/migration/params.ts'
import { NODE_PARAMS } from './methods/nodes/params.ts'
import { OBJECT_PARAMS } from './methods/objects/params.ts'
import { STATELITE_PARAMS } from './methods/statelite/params.ts'
import { TABLE_PARAMS } from './methods/tables/params.ts'

export const PARAMS = {
  ...TABLE_PARAMS,
  ...OBJECT_PARAMS,
  ...NODE_PARAMS,
  ...DEPLOYMENT_PARAMS,
  ...STATELITE_PARAMS,
  ...IMAGE_PARAMS,
  ...BOOT_PARAMS,
  ...DISCOVERY_PARAMS,
  ...CHECK_PARAMS,
  ...HISTORY_PARAMS,
  ...ACCESS_PARAMS,
  ...MIGRATION_PARAMS,
} as const

export type MethodName = keyof typeof PARAMS
export type MethodParams = { readonly [M in MethodName]: z.infer<(typeof PARAMS)[M]> }
