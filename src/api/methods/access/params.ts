export const ACCESS_PARAMS = {} as const
