/** The documentation keeps up with the tree: links lead somewhere, commands and packaged files exist, all pages can be reached. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import test from 'ava'
import { COMMANDS, PROGRAMS } from '../../src/cli/commands.ts'

const ROOT = join(import.meta.dirname, '../..')
const START = 'README.md'

const isThere = (path: string) => existsSync(join(ROOT, path))

function pages(): string[] {
  const found = readdirSync(join(ROOT, 'docs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
  return [START, ...found.sort()]
}

function textOf(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8')
}

/** Code shows syntax that may look like a link. */
function withoutCode(text: string): string {
  return text
    .replace(/^```[\s\S]*?^```$/gm, '')
    .replace(/^ {4}.*$/gm, '')
    .replace(/`[^`\n]*`/g, '')
}

interface Link {
  readonly page: string
  readonly path: string
  readonly anchor: string | undefined
}

/** Links into the tree; whole URLs are left out. `path` is relative to the root. */
function linksOf(page: string): Link[] {
  return [...withoutCode(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file, anchor] = target.split('#')
      const path = file ? relative(ROOT, resolve(ROOT, dirname(page), file)) : page
      return { page, path, anchor }
    })
}

/** As hosts of Markdown pages make them: lower case, blanks to dashes, punctuation dropped. */
function anchorsOf(page: string): Set<string> {
  return new Set(
    [...textOf(page).matchAll(/^#+ (.*)$/gm)].map((match) =>
      (match[1] ?? '')
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

const links = pages().flatMap(linksOf)

test('every relative link leads to a file or directory', (t) => {
  t.true(links.length > 20)
  const broken = links.filter(({ path }) => path.startsWith('..') || !isThere(path))
  t.deepEqual(broken, [])
})

test('every link to a heading leads to one', (t) => {
  const toHeadings = links.filter(({ path, anchor }) => anchor !== undefined && path.endsWith('.md'))
  t.true(toHeadings.length > 3)
  const broken = toHeadings.filter(({ path, anchor }) => existsSync(join(ROOT, path)) && !anchorsOf(path).has(anchor!))
  t.deepEqual(broken, [])
})

test('every page can be reached from the README', (t) => {
  const reached = new Set([START])
  for (const page of reached) {
    for (const { path } of links.filter((link) => link.page === page)) {
      const isDirectory = existsSync(join(ROOT, path)) && statSync(join(ROOT, path)).isDirectory()
      // A link to a directory shows its list of files.
      const targets = isDirectory ? pages().filter((other) => dirname(other) === path) : [path]
      for (const target of targets) if (target.endsWith('.md') && existsSync(join(ROOT, target))) reached.add(target)
    }
  }
  t.deepEqual(
    pages().filter((page) => !reached.has(page)),
    [],
  )
})

test('every command that is mentioned exists', (t) => {
  const known = new Set([...Object.keys(COMMANDS), ...Object.keys(PROGRAMS), 'help'])
  // In code only: elsewhere the word after "liteboot" is a verb.
  const mentions = pages().flatMap((page) =>
    [...textOf(page).matchAll(/^ {4}.*$|`[^`\n]+`/gm)].flatMap(([code]) =>
      [...code.matchAll(/(?:^ +(?:# )?|`|\$\(|[;|&] *)(?:ip netns \S+ \S+ )?(?:bin\/)?liteboot ([a-z][\w-]*)/g)].map(
        (match) => ({
          page,
          command: match[1] ?? '',
        }),
      ),
    ),
  )
  t.true(mentions.length > 50)
  t.deepEqual(
    mentions.filter(({ command }) => !known.has(command)),
    [],
  )
})

test('files of the tree that the guide names in code exist', (t) => {
  const names = pages().flatMap((page) =>
    [
      ...textOf(page).matchAll(
        /(?<![\w./<>-])(?:\/opt\/liteboot\/)?((?:packaging|vm-harness|src|test|initrd-scripts|bench)\/[\w./@-]*\w)/g,
      ),
    ].map((match) => ({ page, path: match[1] ?? '' })),
  )
  t.true(names.length > 20)
  t.deepEqual(
    names.filter(({ path }) => !isThere(path)),
    [],
  )
})
