export const DEPLOYMENT_PARAMS = {} as const
