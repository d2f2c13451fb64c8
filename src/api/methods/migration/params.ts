export const MIGRATION_PARAMS = {} as const
