/** What is made from images. */
import type { MethodEntries } from '../entry.ts'
import type { IMAGE_PARAMS } from './params.ts'

const generations = async () => await import('./generations.ts')

export const IMAGE_METHODS: MethodEntries<keyof typeof IMAGE_PARAMS> = {
  'image.pack': {
    load: async () => (await import('./packimage.ts')).packimage,
    command: 'packimage',
    role: 'administrator',
    changes: true,
    words: ({ image, method, compressor, noSyncFiles }) => [
      ...(method === undefined ? [] : ['-m', method]),
      ...(compressor === undefined ? [] : ['-c', compressor]),
      ...(noSyncFiles ? ['--nosyncfiles'] : []),
      image,
    ],
  },
  'image.initrdList': {
    load: async () => (await import('./initrd.ts')).listInitrd,
    command: 'initrd',
    role: 'viewer',
    // A remote caller could have any file of the server read.
    serverFile: ({ target }) => (target.startsWith('/') ? target : undefined),
    words: ({ target }) => ['ls', target],
  },
  'image.initrdShow': {
    load: async () => (await import('./initrd.ts')).showInitrdFile,
    command: 'initrd',
    role: 'viewer',
    serverFile: ({ target }) => (target.startsWith('/') ? target : undefined),
    words: ({ target, path }) => ['show', target, path],
  },
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
  'image.genimage': {
    load: async () => (await import('./genimage.ts')).genimage,
    command: 'genimage',
    role: 'administrator',
    changes: true,
    words: ({ image, osvers, arch, profile, kernelVersion, onlyInitrd, explain }) => [
      ...(osvers === undefined ? [] : ['-o', osvers]),
      ...(arch === undefined ? [] : ['-a', arch]),
      ...(profile === undefined ? [] : ['-p', profile]),
      ...(kernelVersion === undefined ? [] : ['-k', kernelVersion]),
      ...(onlyInitrd ? ['--onlyinitrd'] : []),
      ...(explain ? ['--explain'] : []),
      ...(image === undefined ? [] : [image]),
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
  'image.list': {
    load: async () => (await generations()).listGenerations,
    command: 'image',
    role: 'viewer',
    words: ({ image }) => ['ls', ...(image === undefined ? [] : [image])],
  },
  'image.promote': {
    load: async () => (await generations()).promoteGeneration,
    command: 'image',
    role: 'administrator',
    changes: true,
    words: ({ image, generation }) => ['promote', image, String(generation)],
  },
  'image.rollback': {
    load: async () => (await generations()).rollbackGeneration,
    command: 'image',
    role: 'administrator',
    changes: true,
    words: ({ image }) => ['rollback', image],
  },
  'image.gc': {
    load: async () => (await generations()).collectGenerations,
    command: 'image',
    role: 'administrator',
    changes: true,
    words: ({ image, keep }) => ['gc', image, ...(keep === undefined ? [] : ['--keep', String(keep)])],
  },
  'image.edit': {
    load: async () => (await import('./edit-image.ts')).editImage,
    command: 'image',
    role: 'administrator',
    changes: true,
    // The program runs where it is asked for, on the directories of this machine.
    serverFile: ({ image }) => image,
    words: ({ image, live }) => ['edit', ...(live ? ['--live'] : []), image],
  },
  'image.copy': {
    load: async () => (await import('./copy.ts')).copyImage,
    command: 'image',
    role: 'administrator',
    changes: true,
    words: ({ from, to }) => ['copy', from, to],
  },
  'image.diff': {
    load: async () => (await import('./diff.ts')).diffImages,
    command: 'image',
    role: 'administrator',
    words: ({ from, to }) => ['diff', from, to],
  },
}
