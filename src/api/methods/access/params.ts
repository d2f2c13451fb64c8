import { z } from 'zod'
import { changing, word } from '../../param-shapes.ts'

export const ACCESS_PARAMS = {
  'access.whoami': z.strictObject({}),
  /** The caller's own token is revoked. */
  'access.logout': changing({}),
  'access.createToken': changing({
    user: z.string().regex(/^[\w.@-]{1,256}$/, 'a user name has letters, digits and . _ @ -'),
    role: z.enum(['viewer', 'operator', 'administrator']).optional(),
    /** 12h, 30d, 2w, 1y; default 90d. */
    expires: word,
    description: z.string().max(200).optional(),
  }),
  'access.fingerprint': z.strictObject({}),
  'access.listTokens': z.strictObject({}),
  'access.revokeToken': changing({ id: z.string() }),
} as const
