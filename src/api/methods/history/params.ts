export const HISTORY_PARAMS = {} as const
