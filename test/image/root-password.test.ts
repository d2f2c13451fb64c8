import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { TreeEdit } from '../../src/image/liteimg/tree-edit.ts'
import { type RootPassword, setRootPassword } from '../../src/image/root-password.ts'
import { file, type Item, makeWorkplace } from './image-tree.ts'

const PASSWD = file('/etc/passwd', 'root:x:0:0:root:/root:/bin/bash\nbin:x:1:1::/:/bin/false\n')
const HASH = '$6$saltsalt$hashhash'

function image(items: readonly Item[]) {
  const root = join(makeWorkplace(items), 'rootimg')
  let steps = 0
  const edit = new TreeEdit(root, () => steps++, undefined)
  return {
    root,
    shadow: () => readFileSync(join(root, 'etc/shadow'), 'utf8'),
    steps: () => steps,
    set: (wanted: RootPassword | undefined, dryRun = false) => setRootPassword(edit, wanted, dryRun),
  }
}

test('a hash is taken as it is; other lines, mode and place stay; a second run writes nothing', async (t) => {
  const at = image([
    PASSWD,
    { kind: 'dir', path: '/outside' },
    file('/etc/shadow', 'bin:*:1:0:9:7:::\nroot:!!:19000:0:99999:7:::\nroot:again:::\nend:!::::', 0o640),
  ])
  t.is((await at.set({ password: HASH }, true)).state, 'set')
  t.is(at.steps(), 0)
  t.is((await at.set({ password: HASH })).state, 'set')
  t.is(at.shadow(), `bin:*:1:0:9:7:::\nroot:${HASH}:19000:0:99999:7:::\nend:!::::`)
  t.is(statSync(join(at.root, 'etc/shadow')).mode & 0o777, 0o640)
  const steps = at.steps()
  t.deepEqual(await at.set({ password: HASH }), { state: 'unchanged', warnings: [] })
  t.is(at.steps(), steps)
})

test('a clear password is hashed, sha512 unless the row says otherwise, and its hash is recognised again', async (t) => {
  const at = image([PASSWD])
  await at.set({ password: 'se cret' })
  const [, method, salt] = /^root:\$(\d)\$([^$]+)\$/.exec(at.shadow()) ?? []
  t.is(method, '6')
  t.is(statSync(join(at.root, 'etc/shadow')).mode & 0o777, 0o600)
  const again = execFileSync('openssl', ['passwd', '-6', '-salt', salt ?? '', '-stdin'], { input: 'se cret\n' })
  t.true(at.shadow().startsWith(`root:${String(again).trim()}:`))
  t.is((await at.set({ password: 'se cret' })).state, 'unchanged')
  t.is((await at.set({ password: 'other' })).state, 'set')
  t.is((await at.set({ password: 'other', cryptMethod: 'md5' })).state, 'set')
  t.regex(at.shadow(), /^root:\$1\$/)
})

test('without a row: an open or missing account is locked, one with a password is left, with a warning', async (t) => {
  for (const shadow of ['root::19000:0:::::\n', 'bin:*:::\n']) {
    const at = image([PASSWD, file('/etc/shadow', shadow)])
    const { state, warnings } = await at.set(undefined)
    t.is(state, 'locked')
    t.regex(warnings[0] ?? '', /root is locked in the image/)
    t.regex(at.shadow(), /^root:\*:/)
    t.is((await at.set(undefined)).state, 'left')
  }
  const at = image([PASSWD, file('/etc/shadow', `root:${HASH}:1::::::\n`)])
  const { state, warnings } = await at.set(undefined)
  t.is(state, 'left')
  t.regex(warnings[0] ?? '', /keeps the one it has/)
  t.is(at.shadow(), `root:${HASH}:1::::::\n`)
})

test('the hash may stand in /etc/passwd: left without a row, moved to the shadow file with one', async (t) => {
  const at = image([file('/etc/passwd', 'root:$1$a$b:0:0::/root:/bin/sh\n')])
  t.is((await at.set(undefined)).state, 'left')
  await at.set({ password: HASH })
  t.is(readFileSync(join(at.root, 'etc/passwd'), 'utf8'), 'root:x:0:0::/root:/bin/sh\n')
  t.regex(at.shadow(), /^root:\$6\$/)
})

test('a tree without accounts is no place for a password', async (t) => {
  t.deepEqual(await image([]).set(undefined), { state: 'none', warnings: [] })
  t.is((await image([]).set({ password: HASH })).warnings.length, 1)
})

test('a shadow file that is a link is written where it leads inside the image', async (t) => {
  const at = image([
    PASSWD,
    { kind: 'dir', path: '/outside' },
    { kind: 'symlink', path: '/etc/shadow', target: '/../outside/canary' },
  ])
  await at.set({ password: HASH })
  t.true(readFileSync(join(at.root, 'outside/canary'), 'utf8').startsWith('root:'))
  t.is(readFileSync(join(at.root, '../outside/canary'), 'utf8'), 'untouched\n')
})
