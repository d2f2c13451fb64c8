/** `image edit` as a program: overlay views in mount namespaces of their own. Needs root. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, lstatSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type { EditRequest } from '../src/image/generations/edit-session.ts'
import { openGenerations } from '../src/image/generations/generations.ts'
import { file, makeWorkplace, readTree } from '../test/image/image-tree.ts'

const PROGRAM = join(import.meta.dirname, '../src/image/generations/edit-program.ts')

function newImage(): string {
  const dest = makeWorkplace([
    file('etc/motd', 'one\n', 0o640),
    file('etc/old/a', 'a'),
    file('etc/old/b', 'b'),
    file('usr/bin/tool', 'tool', 0o4755),
    { kind: 'hardlink', path: 'usr/bin/twin', to: 'usr/bin/tool' },
    file('usr/bin/other', 'other', 0o4755),
    file('usr/share/doc', 'never touched'),
    file('var/lib/db', 'pages'),
    { kind: 'symlink', path: 'bin', target: 'usr/bin' },
    { kind: 'dir', path: 'srv/replaced' },
    file('srv/file', 'to become a directory'),
  ])
  writeFileSync(join(dest, 'kernel'), 'kernel')
  return dest
}

function request(dest: string, script: string, more: Partial<EditRequest> = {}): string {
  const wanted: EditRequest = {
    image: 'el9',
    rootimgdir: dest,
    command: ['sh', '-ec', script],
    live: false,
    discard: false,
    promote: true,
    ...more,
  }
  return JSON.stringify(wanted)
}

function edit(dest: string, script: string, more: Partial<EditRequest> = {}) {
  const { status, stderr, stdout } = spawnSync(process.execPath, [PROGRAM, request(dest, script, more)], {
    encoding: 'utf8',
  })
  return { status, stderr: stderr.trim(), stdout }
}

const EVERYTHING = `
rm var/lib/db
echo two >>etc/motd                     # written into, not replaced
rm -r etc/old && mkdir etc/old && echo c >etc/old/c   # a directory that hides the old one
rm srv/file && mkdir -p srv/file/below && echo x >srv/file/below/x
rmdir srv/replaced && ln -s /etc srv/replaced
echo more >>usr/bin/other
mknod -m 600 etc/null c 1 3
mkfifo etc/fifo
ln etc/motd etc/motd.twin
chmod 711 var/lib && touch -d @1000000000.123456789 var/lib
mkdir -p opt/new && chown 12:34 opt/new && chmod 2775 opt/new
printf x >"$(printf 'etc/odd\\nname')"
`

test('a copy is edited: what was written into, removed and replaced is new, all else is shared', (t) => {
  const dest = newImage()
  const twin = join(dest, 'twin')
  execFileSync('cp', ['-a', join(dest, 'rootimg'), twin])
  const before = readTree(join(dest, 'rootimg'))
  const shown = edit(dest, `${EVERYTHING}\ncat '${dest}/rootimg/etc/motd'`)
  t.is(shown.stdout, 'one\ntwo\n', 'the usual path leads to the copy')
  t.is(shown.stderr, 'el9: generation 2 is current')
  t.is(shown.status, 0)
  t.deepEqual(readTree(join(dest, 'generations/1/rootimg')), before)
  // The same done to a copy of its own.
  execFileSync('sh', ['-ec', EVERYTHING], { cwd: twin })
  const withoutTimes = (root: string) =>
    Object.fromEntries(Object.entries(readTree(root)).map(([path, what]) => [path, what.replace(/ \d{19}/, '')]))
  t.deepEqual(withoutTimes(join(dest, 'generations/2/rootimg')), withoutTimes(twin))
  t.is(statSync(join(dest, 'rootimg/var/lib'), { bigint: true }).mtimeNs, 1_000_000_000_123_456_789n)
  const inode = (n: number, path: string) => statSync(join(dest, `generations/${n}/rootimg`, path)).ino
  t.is(inode(1, 'usr/share/doc'), inode(2, 'usr/share/doc'))
  t.not(inode(1, 'etc/motd'), inode(2, 'etc/motd'))
  t.true(lstatSync(join(dest, 'rootimg/etc/null')).isCharacterDevice())
  t.deepEqual(readdirSync(join(dest, 'generations/2')).sort(), ['generation.json', 'kernel', 'rootimg'])
  t.notRegex(readFileSync('/proc/self/mountinfo', 'utf8'), new RegExp(dest))
})

test('a command that fails, or changes nothing, or is discarded, leaves no generation', (t) => {
  const dest = newImage()
  t.deepEqual(edit(dest, 'echo x >etc/motd; exit 3'), {
    status: 3,
    stdout: '',
    stderr: 'el9: status 3: nothing was changed',
  })
  t.is(edit(dest, 'true').stderr, 'el9: nothing was changed')
  t.is(edit(dest, 'echo x >etc/motd', { discard: true }).stderr, 'el9: discarded')
  t.is(edit(dest, 'true', { command: ['no-such-program'] }).status, 127)
  t.deepEqual(readdirSync(join(dest, 'generations')).sort(), ['1', 'current'])
  t.is(readFileSync(join(dest, 'rootimg/etc/motd'), 'utf8'), 'one\n')
})

test('not promoted: made, and not current', (t) => {
  const dest = newImage()
  t.is(edit(dest, 'echo x >etc/new', { promote: false }).stderr, 'el9: generation 2 is made and not current')
  t.false(existsSync(join(dest, 'rootimg/etc/new')))
})

test('live: the current generation changes, an older one that shares its files does not', async (t) => {
  const dest = newImage()
  const generations = openGenerations(dest)
  await (await generations.begin({ from: 'current', by: 'edit', reason: 'x', writer: 'replace' })).commit({
    promote: true,
  })
  const older = readTree(join(dest, 'generations/1/rootimg'))
  const inode = statSync(join(dest, 'rootimg/usr/share/doc')).ino
  t.is(edit(dest, EVERYTHING, { live: true }).stderr, 'el9: generation 2 was changed; nodes see it within 3 s')
  t.is(readFileSync(join(dest, 'rootimg/etc/motd'), 'utf8'), 'one\ntwo\n')
  t.deepEqual(readdirSync(join(dest, 'rootimg/etc/old')), ['c'])
  t.deepEqual(readTree(join(dest, 'generations/1/rootimg')), older)
  t.is(
    statSync(join(dest, 'rootimg/usr/share/doc')).ino,
    inode,
    'what was not touched is the same file for running nodes',
  )
  t.deepEqual(readdirSync(join(dest, 'generations')).sort(), ['1', '2', 'current', 'promoted.json'])
})

test('killed while the command runs: the next one finds everything as it was', async (t) => {
  const dest = newImage()
  const before = readTree(join(dest, 'rootimg'))
  const child = spawn(process.execPath, [PROGRAM, request(dest, 'echo x >etc/motd; echo ready; exec sleep 60')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  const second = edit(dest, 'true')
  t.is(second.status, 1)
  t.regex(second.stderr, /is being changed by another command/)
  process.kill(-(child.pid ?? 0), 'SIGKILL')
  await new Promise((resolve) => child.once('exit', resolve))
  t.is(edit(dest, 'true').stderr, 'el9: nothing was changed')
  t.deepEqual(readTree(join(dest, 'generations/1/rootimg')), before)
  t.deepEqual(readdirSync(join(dest, 'generations')).sort(), ['1', 'current'])
})
