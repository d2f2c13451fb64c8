/**
 * What petitboot shows of a grub.cfg, written from its documented and observed behaviour. It reads the form on disks only,
 * never from the network: a configuration that DHCP names is read in the form of pxelinux (read-config.ts).
 *
 * The file is run from its beginning to its end, the body of every menuentry too, and what stands at `linux` and `initrd`
 * is the entry. Commands it does not know fail, which counts where they are conditions; `echo`, `insmod`, `export` and the
 * like succeed and do nothing. Not known to it: `configfile`, `exit`, `linuxefi`, `chainloader`. An entry is shown when the
 * disks that its files are on are there, which are known by UUID or label, or when they are URLs.
 */
import { Grub2SyntaxError, parseStatements, type Statement, type Word } from './grub2-statements.ts'

export interface Grub2File {
  /** UUID or label, or how GRUB calls it; undefined: the disk that the configuration is on. */
  readonly device: string | undefined
  /** A path, or a URL. */
  readonly path: string
}

export interface Grub2Entry {
  readonly name: string
  readonly id: string
  readonly kernel: Grub2File
  readonly initrd: Grub2File | undefined
  readonly commandLine: string
  readonly isShown: boolean
}

export interface Grub2Config {
  /** Nothing of the file counts. */
  readonly fault: string | undefined
  readonly entries: readonly Grub2Entry[]
  /** What boots after the countdown, if it is shown. */
  readonly chosen: Grub2Entry | undefined
}

export interface Grub2Disk {
  /** Where on it the configuration is; left out: /boot/grub/grub.cfg */
  readonly path?: string
  /** Text files on it, by path: `grubenv`, `/loader/entries/*.conf`. */
  readonly files?: Readonly<Record<string, string>>
  /** UUIDs and labels of the disks of the machine. */
  readonly devices?: readonly string[]
}

export function readGrub2Config(text: string, disk: Grub2Disk = {}): Grub2Config {
  let statements: readonly Statement[]
  try {
    statements = parseStatements(text)
  } catch (error) {
    if (!(error instanceof Grub2SyntaxError)) throw error
    return { fault: error.message, entries: [], chosen: undefined }
  }
  const script = new Script(disk)
  script.run(statements)
  const entries = script.options.map(({ entry }) => entry)
  const chosen = script.options.find(({ isDefault }) => isDefault)?.entry ?? entries[0]
  return { fault: undefined, entries, chosen: chosen?.isShown ? chosen : undefined }
}

interface Draft {
  kernel?: Grub2File
  initrd?: Grub2File
  commandLine: string
}

type Command = (words: readonly string[]) => number

const LOADER_ENTRIES = '/loader/entries/'
const SUCCESS = 0
const FAILURE = 1

class Script {
  readonly options: { readonly entry: Grub2Entry; readonly isDefault: boolean }[] = []
  readonly #disk: Grub2Disk
  readonly #variables = new Map<string, string>([['feature_menuentry_id', 'y']])
  readonly #functions = new Map<string, readonly Statement[]>()
  #draft: Draft | undefined

  constructor(disk: Grub2Disk) {
    this.#disk = disk
    this.#variables.set('prefix', (disk.path ?? '/boot/grub/grub.cfg').replace(/\/[^/]*$/, ''))
  }

  /** @returns the status of the last */
  run(statements: readonly Statement[]): number {
    return statements.reduce((_, statement) => this.#execute(statement), SUCCESS)
  }

  #execute(statement: Statement): number {
    switch (statement.kind) {
      case 'command':
        return this.#command(this.#expand(statement.words))
      case 'block':
        return this.run(statement.body)
      case 'if': {
        const met = statement.cases.find(({ condition }) => !condition || this.#execute(condition) === SUCCESS)
        return this.run(met?.body ?? statement.otherwise ?? [])
      }
      case 'function':
        this.#functions.set(this.#expand([statement.name])[0] ?? '', statement.body)
        return SUCCESS
      case 'for': {
        const [name = ''] = this.#expand([statement.name])
        return this.#expand(statement.list).reduce((_, value) => {
          this.#variables.set(name, value)
          return this.run(statement.body)
        }, SUCCESS)
      }
      case 'menuentry':
        return this.#menuentry(this.#expand(statement.words), statement.body)
    }
  }

  #expand(words: readonly Word[]): string[] {
    return words.flatMap((word) => {
      const found: string[] = ['']
      for (const { kind, text, splits } of word) {
        const value = kind === 'variable' ? (this.#variables.get(text) ?? '') : text
        const [first = '', ...others] = splits ? value.split(/[ \t]+/) : [value]
        found.push((found.pop() ?? '') + first, ...others)
      }
      return found.filter((text, index) => index === 0 || text !== '')
    })
  }

  #command(words: readonly string[]): number {
    const [name = '', ...rest] = words
    const [, variable, value] = /^([^=]*)=(.*)$/s.exec(name) ?? []
    if (variable !== undefined && value !== undefined) {
      this.#variables.set(variable, value)
      return SUCCESS
    }
    const body = this.#functions.get(name)
    if (body) {
      for (const [index, argument] of rest.entries()) this.#variables.set(String(index + 1), argument)
      return this.run(body)
    }
    return this.#commands[name]?.(rest) ?? FAILURE
  }

  readonly #linux: Command = ([path, ...rest]) => {
    if (!this.#draft || path === undefined) return FAILURE
    this.#draft.kernel = this.#file(path)
    this.#draft.commandLine = rest.join(' ')
    return SUCCESS
  }

  readonly #commands: Readonly<Record<string, Command>> = {
    set: ([first = '', ...rest]) => {
      const equals = first.indexOf('=')
      if (equals < 0) return FAILURE
      this.#variables.set(first.slice(0, equals), [first.slice(equals + 1), ...rest].join(' '))
      return SUCCESS
    },
    linux: this.#linux,
    linux16: this.#linux,
    // Of several the first alone.
    initrd: ([path]) => {
      if (!this.#draft || path === undefined) return FAILURE
      this.#draft.initrd = this.#file(path)
      return SUCCESS
    },
    // `--set NAME` in two words does nothing.
    search: (words) => {
      const [, variable] = /^--set=(.*)$/.exec(words.slice(0, -1).find((word) => word.startsWith('--set=')) ?? '') ?? []
      if (variable !== undefined) this.#variables.set(variable, words.at(-1) ?? '')
      return SUCCESS
    },
    test: (words) => (this.#test(words) ? SUCCESS : FAILURE),
    '[': (words) => (this.#test(words.at(-1) === ']' ? words.slice(0, -1) : words) ? SUCCESS : FAILURE),
    load_env: (words) => this.#loadEnvironment(words),
    blscfg: () => this.#loaderEntries(),
    ...Object.fromEntries(
      ['true', 'echo', 'export', 'insmod', 'loadfont', 'terminfo', 'save_env'].map((name) => [name, () => SUCCESS]),
    ),
  }

  #file(path: string): Grub2File {
    if (path.includes('://')) return { device: undefined, path }
    const [, device, rest] = /^\(([^)]*)\)(.*)$/.exec(path) ?? []
    return { device: device ?? this.#variables.get('root'), path: rest ?? path }
  }

  #isThere(file: Grub2File | undefined): boolean {
    if (file?.device === undefined) return true
    return this.#disk.devices?.includes(file.device) ?? false
  }

  #menuentry([title = '(unknown)', ...words]: readonly string[], body: readonly Statement[]): number {
    const draft: Draft = { commandLine: '' }
    this.#draft = draft
    this.run(body)
    this.#draft = undefined
    const at = words.findIndex((word) => word.startsWith('--id'))
    const id = at < 0 ? undefined : words[at]?.slice('--id='.length) || words[at + 1]
    return this.#add(title, id, draft)
  }

  #add(name: string, id: string | undefined, { kernel, initrd, commandLine }: Draft): number {
    if (kernel === undefined) return FAILURE
    const isShown = this.#isThere(kernel) && this.#isThere(initrd)
    const entry: Grub2Entry = { name, id: id ?? name, kernel, initrd, commandLine, isShown }
    const wanted = this.#variables.get('default') ?? ''
    const isDefault = /^\d+$/.test(wanted) ? Number(wanted) === this.options.length : [name, id].includes(wanted)
    this.options.push({ entry, isDefault })
    return SUCCESS
  }

  /** From left to right, `-a` and `-o` alike; files are looked for on the configuration's own disk. */
  #test(words: readonly string[]): boolean {
    let holds = false
    let isNegated = false
    for (let at = 0; at < words.length; ) {
      const [word = '', second, third] = words.slice(at)
      if (word === '!' || word === '-a' || word === '-o') {
        if (word === '-a' && !holds) return false
        if (word === '-o' && holds) return true
        if (word === '!') isNegated = true
        at += 1
        continue
      }
      const [result, taken] = this.#testOne(word, second, third)
      holds = result !== isNegated
      isNegated = false
      at += taken
    }
    return holds
  }

  #testOne(word: string, second: string | undefined, third: string | undefined): [boolean, number] {
    if (second !== undefined && third !== undefined) {
      if (second === '=' || second === '==') return [word === third, 3]
      if (second === '!=') return [word !== third, 3]
      if (second === '<') return [word < third, 3]
      if (second === '>') return [word > third, 3]
    }
    if (second !== undefined) {
      if (word === '-z') return [second === '', 2]
      if (word === '-n') return [second !== '', 2]
      const paths = Object.keys(this.#disk.files ?? {})
      if (word === '-s') return [(this.#disk.files?.[second] ?? '') !== '', 2]
      if (word === '-f') return [paths.includes(second), 2]
      if (word === '-d') return [paths.some((path) => path.startsWith(`${second.replace(/\/$/, '')}/`)), 2]
    }
    return [word !== '', 1]
  }

  #loadEnvironment(words: readonly string[]): number {
    const at = words.findIndex((word) => /^(-f|--file)/.test(word))
    const named = at < 0 ? 'grubenv' : (words[at]?.split('=')[1] ?? words[at + 1] ?? 'grubenv')
    const path = named.startsWith('/') ? named : `${this.#variables.get('prefix')}/${named}`
    const block = this.#disk.files?.[path]
    if (block === undefined) return FAILURE
    for (const [, name = '', value = ''] of block.matchAll(/^([^#=\n]+)=(.*)$/gm)) this.#variables.set(name, value)
    return SUCCESS
  }

  /** Entries of the boot loader specification: `options` is taken whole, or is one variable. */
  #loaderEntries(): number {
    const found = Object.entries(this.#disk.files ?? {}).filter(
      ([path]) => path.startsWith(LOADER_ENTRIES) && path.endsWith('.conf'),
    )
    for (const [path, text] of found) {
      const value = (key: string) => new RegExp(`^${key}[ \\t]+(.*?)[ \\t]*$`, 'm').exec(text)?.[1]
      const [linux, initrd, options = ''] = [value('linux'), value('initrd'), value('options')]
      const draft: Draft = {
        commandLine: options.startsWith('$') ? (this.#variables.get(options.slice(1)) ?? '') : options,
        ...(linux === undefined ? {} : { kernel: this.#file(linux) }),
        ...(initrd === undefined ? {} : { initrd: this.#file(initrd) }),
      }
      const version = value('version')
      const machine = value('machine-id')
      const name = value('title') ?? (machine && version ? `${machine} ${version}` : (version ?? linux ?? ''))
      this.#add(name, path.slice(LOADER_ENTRIES.length, -'.conf'.length), draft)
    }
    return found.length > 0 ? SUCCESS : FAILURE
  }
}
