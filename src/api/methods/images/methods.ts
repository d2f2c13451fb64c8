/** What is made from images. */
import type { MethodEntries } from '../entry.ts'
import type { IMAGE_PARAMS } from './params.ts'

export const IMAGE_METHODS: MethodEntries<keyof typeof IMAGE_PARAMS> = {
  'image.liteimg': {
    load: async () => (await import('./liteimg.ts')).liteimg,
    command: 'liteimg',
    role: 'administrator',
    changes: true,
    words: ({ image, force }) => [...(force === undefined ? [] : ['--force', force]), image],
  },
}
