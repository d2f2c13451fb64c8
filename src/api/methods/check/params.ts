export const CHECK_PARAMS = {} as const
