import test from 'ava'
import fc from 'fast-check'
import {
  ENTRY_OPTIONS,
  isConOption,
  isLinkOption,
  isPersistentOption,
  parseOption,
} from '../../src/statelite/options.ts'

const cells: [string, string][] = [
  ['tmpfs', 'tmpfs'],
  ['rw', 'tmpfs'],
  ['', 'tmpfs'],
  ['  ', 'tmpfs'],
  ['tempfs', 'tmpfs'],
  ['persistent', 'persistent'],
  ['con', 'con'],
  ['ro', 'ro'],
  ['tmpfs,rw', 'link'],
  ['link', 'link'],
  ['link,ro', 'link,ro'],
  ['link,con', 'link,con'],
  ['link,persistent', 'link,persistent'],
]
for (const [stored, option] of cells) {
  const title =
    stored === ''
      ? 'xCAT BUG-2: a blank option is tmpfs, as the manual promises'
      : `option ${JSON.stringify(stored)} is ${option}`
  test(title, (t) => {
    t.deepEqual(parseOption(stored), { option } as ReturnType<typeof parseOption>)
  })
}

for (const stored of ['link, ro', 'ro,link', 'rw,tmpfs', 'TMPFS', 'persist', 'tmpfs,ro', 'merge']) {
  test(`option ${JSON.stringify(stored)} is an error that lists the right ones`, (t) => {
    const parsed = parseOption(stored)
    t.true(
      'fault' in parsed && parsed.fault.message.includes(stored) && parsed.fault.advice.includes('link,persistent'),
    )
  })
}

test('any other text is a fault, never an exception', (t) => {
  const known = new Set(cells.map(([stored]) => stored.trim()))
  fc.assert(fc.property(fc.string(), (text) => known.has(text.trim()) || 'fault' in parseOption(text)))
  t.pass()
})

test('families of options', (t) => {
  t.deepEqual(ENTRY_OPTIONS.filter(isLinkOption), ['link', 'link,ro', 'link,con', 'link,persistent'])
  t.deepEqual(ENTRY_OPTIONS.filter(isPersistentOption), ['persistent', 'link,persistent'])
  t.deepEqual(ENTRY_OPTIONS.filter(isConOption), ['con', 'link,con'])
})
