export const NODE_PARAMS = {} as const
