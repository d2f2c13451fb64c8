/** What litefile, litetree and statelite mean for nodes and images. */
import type { MethodEntries } from '../entry.ts'
import type { STATELITE_PARAMS } from './params.ts'

export const STATELITE_METHODS: MethodEntries<keyof typeof STATELITE_PARAMS> = {
  'statelite.litefile': {
    load: async () => (await import('./show.ts')).litefile,
    command: 'litefile',
    role: 'viewer',
    noderange: ({ noderange }) => noderange,
  },
  'statelite.ilitefile': {
    load: async () => (await import('./show.ts')).ilitefile,
    command: 'ilitefile',
    role: 'viewer',
    words: ({ image }) => [image],
  },
  'statelite.litetree': {
    load: async () => (await import('./show.ts')).litetree,
    command: 'litetree',
    role: 'viewer',
    noderange: ({ noderange }) => noderange,
  },
  'statelite.lslite': {
    load: async () => (await import('./show.ts')).lslite,
    command: 'lslite',
    role: 'viewer',
    noderange: ({ noderange }) => noderange,
    words: ({ image }) => (image === undefined ? [] : ['-i', image]),
  },
  'statelite.plan': {
    load: async () => (await import('./plan.ts')).plan,
    command: 'plan',
    role: 'viewer',
    noderange: ({ node }) => node,
  },
  'localdisk.show': {
    load: async () => (await import('./localdisk.ts')).localdiskShow,
    command: 'localdisk',
    role: 'viewer',
    noderange: ({ noderange }) => noderange,
    words: () => ['show'],
  },
  'localdisk.reformat': {
    load: async () => (await import('./localdisk.ts')).localdiskReformat,
    command: 'localdisk',
    role: 'operator',
    changes: true,
    noderange: ({ noderange }) => noderange,
    words: () => ['reformat'],
  },
  'localdisk.keep': {
    load: async () => (await import('./localdisk.ts')).localdiskKeep,
    command: 'localdisk',
    role: 'operator',
    changes: true,
    noderange: ({ noderange }) => noderange,
    words: () => ['keep'],
  },
  'suggest.show': {
    load: async () => (await import('./suggest.ts')).suggestShow,
    command: 'suggest',
    role: 'viewer',
    noderange: ({ noderange }) => noderange ?? '',
    words: (params) => suggestWords(params),
  },
  'suggest.add': {
    load: async () => (await import('./suggest.ts')).suggestAdd,
    command: 'suggest',
    role: 'administrator',
    changes: true,
    noderange: ({ noderange }) => noderange ?? '',
    words: (params) => ['--add', ...suggestWords(params)],
  },
  'suggest.presets': {
    load: async () => (await import('./presets.ts')).presets,
    command: 'presets',
    role: 'viewer',
    words: ({ preset }) => (preset === undefined ? [] : [preset]),
  },
  'vm.describe': {
    load: async () => (await import('./plan.ts')).vmDescribe,
    command: 'vm',
    role: 'viewer',
    noderange: ({ node }) => node,
  },
}

function suggestWords({
  preset,
  image,
}: {
  readonly preset?: string | undefined
  readonly image?: string | undefined
}) {
  return [...(preset === undefined ? [] : ['--preset', preset]), ...(image === undefined ? [] : ['--image', image])]
}
