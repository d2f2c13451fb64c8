/** What is made from images. */
import type { MethodEntries } from '../entry.ts'
import type { IMAGE_PARAMS } from './params.ts'

export const IMAGE_METHODS: MethodEntries<keyof typeof IMAGE_PARAMS> = {
  'image.liteimg': {
    load: async () => (await import('./liteimg.ts')).liteimg,
    command: 'liteimg',
    role: 'administrator',
    changes: true,
    words: ({ image, force, inPlace, keepCurrent, method, compressor }) => [
      ...(method === undefined ? [] : ['-m', method]),
      ...(compressor === undefined ? [] : ['-c', compressor]),
      ...(inPlace ? ['--in-place'] : []),
      ...(keepCurrent ? ['--no-promote'] : []),
      ...(force === undefined ? [] : ['--force', force]),
      image,
    ],
  },
  'image.copycds': {
    load: async () => (await import('./copycds.ts')).copycds,
    command: 'copycds',
    role: 'administrator',
    changes: true,
    // A remote caller could have any directory of the server copied to where every node reads.
    serverFile: ({ media }) => media[0],
    words: ({ media, name, arch, path, inspect, noImages, skipKnown }) => [
      ...(name === undefined ? [] : ['-n', name]),
      ...(arch === undefined ? [] : ['-a', arch]),
      ...(path === undefined ? [] : ['-p', path]),
      ...(inspect ? ['-i'] : []),
      ...(noImages ? ['-o'] : []),
      ...(skipKnown ? ['-w'] : []),
      ...media,
    ],
  },
  'image.export': {
    load: async () => (await import('./export.ts')).exportImage,
    command: 'imgexport',
    role: 'administrator',
    changes: true,
    serverFile: ({ file }) => file,
    words: ({ image, file, extra }) => [...(extra ?? []).flatMap((word) => ['-e', word]), image, file],
  },
  'image.import': {
    load: async () => (await import('./import.ts')).importImage,
    command: 'imgimport',
    role: 'administrator',
    changes: true,
    serverFile: ({ bundle }) => bundle,
    words: ({ bundle, name, profile }) => [
      ...(name === undefined ? [] : ['--name', name]),
      ...(profile === undefined ? [] : ['-f', profile]),
      bundle,
    ],
  },
}
