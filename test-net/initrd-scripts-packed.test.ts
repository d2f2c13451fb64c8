/** A packed root on its way to a node: packed by the server's own code, served over HTTP, unpacked by the steps in a mount namespace. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { type PackReport, packTree } from '../src/image/pack/pack.ts'
import { makeWorkDirectory, removeWorkDirectory, SHELLS } from '../test/initrd-scripts/shells.ts'
import { CANNOT_RUN, layOut, runNode, type Scenario } from './initrd-scripts-lab.ts'

if (CANNOT_RUN !== undefined) test.skip(`no root is unpacked here: ${CANNOT_RUN}`, () => {})

const SCENARIO: Scenario = {
  image: {
    '/etc/motd': { content: 'image', mode: 0o640, uid: 3, gid: 4 },
    '/etc/untouched': 'image',
    '/usr/share/doc/big': 'x'.repeat(300_000),
    '/sbin/init': { content: '#!/bin/sh\n', mode: 0o755 },
  },
  trees: [{ files: { '/etc/issue': 'tree' } }],
  entries: [
    ['tmpfs', '/etc/motd'],
    ['link', '/etc/issue'],
    ['persistent', '/etc/kept'],
  ],
}

type Method = readonly [method: 'cpio' | 'squashfs', compressor: 'gzip' | 'xz' | 'zstd']
type Answer = (response: ServerResponse, bytes: Buffer) => void
const whole: Answer = (response, bytes) => {
  response.writeHead(200, { 'content-length': bytes.length }).end(bytes)
}

interface Node {
  readonly work: string
  readonly packed: PackReport
  readonly run: (script: string, settings?: string) => Promise<string>
}

async function openNode(
  t: ExecutionContext,
  shell: (typeof SHELLS)[number],
  [method, compressor]: Method,
  answers: readonly Answer[] = [whole],
  change: (line: string) => string = (line) => line,
): Promise<Node> {
  const work = makeWorkDirectory()
  t.teardown(() => removeWorkDirectory(work))
  layOut(work, SCENARIO)
  const packed = await packTree({
    tree: { root: join(work, 'server/image'), exlist: [], lists: { read: () => undefined, variables: {} } },
    directory: join(work, 'server'),
    purpose: 'statelite',
    method,
    compressor,
  })
  let asked = 0
  const server = createServer((_request, response) => {
    const answer = answers[Math.min(asked++, answers.length - 1)] ?? whole
    answer(response, readFileSync(packed.path))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { format, sizeBytes, sha256, unpackedBytes } = packed.record
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/image/x/rootimg`
  const line = `root\tramdisk\t${format}\t${url}\t${sizeBytes}\t${sha256}\t${unpackedBytes}`
  const plan = join(work, 'run/plan')
  writeFileSync(plan, readFileSync(plan, 'utf8').replace(/^root\t.*$/m, change(line)))
  const run = async (script: string, settings = '') => {
    writeFileSync(join(work, 'cmdline'), '')
    const all = `CMDLINE_FILE=${work}/cmdline ZSTD_PROGRAM=/usr/bin/zstd\n${settings}`
    const { stdout, stderr } = await runNode(shell, work, script, all)
    t.is(stderr, '', readFileSync(join(work, 'run/boot.log'), 'utf8'))
    return stdout
  }
  return { work, packed, run }
}

const STAGES = 'stages root persistent trees entries || exit 1'
const ROOT_FAILS = `stage_root && echo booted || { echo "$FAIL_REASON"; is_mounted "$NEWROOT" && echo 'still mounted'; [ -e "$PACKED_DIR" ] && echo 'left behind'; }`

for (const shell of CANNOT_RUN === undefined ? SHELLS : []) {
  for (const how of [
    ['cpio', 'gzip'],
    ['cpio', 'xz'],
    ['cpio', 'zstd'],
    ['squashfs', 'gzip'],
    ['squashfs', 'zstd'],
  ] as const) {
    test(`${shell.name}: ${how.join(' ')}: the root is in memory, can be written, and carries the entries`, async (t) => {
      const { work, run } = await openNode(t, shell, how)
      const probes: Readonly<Record<string, string>> = {
        'check_plan "$PLAN_FILE" && echo fine': 'fine',
        'mount_facts "$NEWROOT" | cut -d " " -f 1': how[0] === 'cpio' ? 'tmpfs' : 'overlay',
        'tries /etc/untouched': 'works',
        'content /etc/untouched': 'imagex',
        'look /etc/motd': 'regular file 3:4 640',
        'at /etc/motd': 'mounted rw',
        'content /etc/issue': 'tree',
        'at /etc/kept': 'mounted rw',
        'look /.statelite': 'directory 0:0 750',
        'look /': 'directory 0:0 755',
        'stage_switch && echo ready': 'ready',
        '[ -e "$PACKED_DIR/pipe" ] || echo tidy': 'tidy',
      }
      const out = await run([STAGES, ...Object.keys(probes).map((probe) => `${probe}; echo '%%'`)].join('\n'))
      const answers = out.split('%%\n').slice(0, -1)
      const found = Object.fromEntries(Object.keys(probes).map((probe, index) => [probe, answers[index]?.trimEnd()]))
      t.deepEqual(found, { ...probes }, out + readFileSync(join(work, 'run/boot.log'), 'utf8'))
      t.is(readFileSync(join(work, 'server/image/etc/untouched'), 'utf8'), 'image')
    })
  }

  const cpio: Method = ['cpio', 'gzip']
  for (const how of [cpio, ['squashfs', 'gzip'] as const]) {
    test(`${shell.name}: ${how[0]}: other bytes than were packed are not booted`, async (t) => {
      const { run } = await openNode(t, shell, how, [whole], (line) =>
        line.replace(/\t[0-9a-f]{64}\t/, `\t${'0'.repeat(64)}\t`),
      )
      t.regex(
        await run(ROOT_FAILS),
        /^the root http:\S+ did not come as it was packed \(SHA-256 [0-9a-f]{64}, expected 0{64}\)\n$/,
      )
    })

    test(`${shell.name}: ${how[0]}: a transfer that breaks off is tried again and then boots`, async (t) => {
      const half: Answer = (response, bytes) => {
        response.writeHead(200, { 'content-length': bytes.length })
        response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy())
      }
      const missing: Answer = (response) => response.writeHead(404).end()
      const { run } = await openNode(t, shell, how, [half, missing, whole])
      const again = `fetch_plan() { :; }\n${ROOT_FAILS}\n${ROOT_FAILS}\n${ROOT_FAILS}`
      const [first, second, third] = (await run(again)).split('\n')
      t.regex(first ?? '', /^the root cannot be fetched from http:|did not come as it was packed/)
      t.regex(second ?? '', /^the root cannot be fetched from http:.*404/)
      t.is(third, 'booted')
    })
  }

  test(`${shell.name}: a server that falls silent in the middle is given up, and asked again`, async (t) => {
    const silent: Answer = (response, bytes) => {
      response.writeHead(200, { 'content-length': bytes.length })
      response.write(bytes.subarray(0, 100))
    }
    const { run } = await openNode(t, shell, cpio, [silent, whole])
    const out = await run(`fetch_plan() { :; }\nFETCH_IDLE_SECONDS=2\n${ROOT_FAILS}\n${ROOT_FAILS}`)
    t.regex(out, /^the root cannot be fetched from http:.*nothing came for 2 s.*\nbooted\n$/)
  })

  test(`${shell.name}: memory is looked at before anything is fetched`, async (t) => {
    const { work, run } = await openNode(t, shell, cpio)
    writeFileSync(join(work, 'meminfo'), 'MemTotal:        131072 kB\nMemFree:  1 kB\nMemAvailable:      60000 kB\n')
    const out = await run(ROOT_FAILS, `MEMINFO_FILE=${work}/meminfo`)
    t.regex(out, /^the root takes \d+ MiB of memory, 58 MiB of 128 MiB are free: give the node more/)
  })

  test(`${shell.name}: rootlimit= bounds the root, and a too small one is named`, async (t) => {
    const { work, run } = await openNode(t, shell, cpio)
    const limited = `printf 'quiet rootlimit=64k\\n' >${work}/cmdline\n${ROOT_FAILS}`
    t.regex(await run(limited), /^rootlimit=64k is too small: the root takes \d+ MiB\n$/)
    const size = `printf 'rootlimit=3m\\n' >${work}/cmdline\nstage_root && df -k "$NEWROOT" | awk 'NR > 1 { print $(NF - 4) }'`
    t.is(await run(size), '3072\n')
  })

  test(`${shell.name}: a root that does not fit says so`, async (t) => {
    const { run } = await openNode(t, shell, cpio, [whole], (line) => line.replace(/\t\d+$/, '\t1000'))
    const out = await run(`set_limit() { LIMIT=128k; }\n${ROOT_FAILS}`)
    t.regex(out, /^the root does not fit into its tmpfs of size 128k: set rootlimit=/)
  })

  test(`${shell.name}: a root that did not fit is not fetched again until it is another one or may be larger`, async (t) => {
    let fetched = 0
    const counted: Answer = (response, bytes) => {
      fetched++
      whole(response, bytes)
    }
    const { run } = await openNode(t, shell, cpio, [counted], (line) => line.replace(/\t\d+$/, '\t1000'))
    const small = `fetch_plan() { :; }\nset_limit() { LIMIT=128k; }\n${ROOT_FAILS}\n${ROOT_FAILS}\n${ROOT_FAILS}`
    const [first, second, third] = (await run(small)).split('\n')
    t.regex(first ?? '', /^the root does not fit into its tmpfs of size 128k/)
    t.regex(
      second ?? '',
      /^the root takes more than the 0 MiB .* tmpfs of size 128k, and is not fetched again: set rootlimit=/,
    )
    t.is(third, second)
    t.is(fetched, 1)
    t.is(await run(ROOT_FAILS), 'booted\n')
    t.is(fetched, 2)
  })

  test(`${shell.name}: a root larger than the tmpfs it may have is not fetched`, async (t) => {
    const gone: Answer = (response) => response.writeHead(404).end()
    const { work, run } = await openNode(t, shell, cpio, [gone], (line) => line.replace(/\t\d+$/, `\t${950 * 2 ** 20}`))
    const meminfo = (total: number) =>
      writeFileSync(join(work, 'meminfo'), `MemTotal: ${total * 1024} kB\nMemAvailable: ${(total - 10) * 1024} kB\n`)
    meminfo(1050)
    const settings = `MEMINFO_FILE=${work}/meminfo`
    t.regex(
      await run(ROOT_FAILS, settings),
      /^the root takes 950 MiB of memory, it may have 945 MiB \(90%\) of 1050 MiB: give the node more, leave more out \(exlist\), pack as squashfs, or use rootfstype=nfs\n$/,
    )
    meminfo(1060)
    t.regex(await run(ROOT_FAILS, settings), /^the root cannot be fetched from http:.*404/)
  })

  test(`${shell.name}: a root that is here is not fetched again when only its revision was wrong`, async (t) => {
    const gone: Answer = (response) => response.writeHead(404).end()
    const { run } = await openNode(t, shell, cpio, [whole, gone])
    const out = await run(
      `fetch_plan() { :; }\nsed -i 's/rev1/rev2/' "$PLAN_FILE"\n${ROOT_FAILS}\nsed -i 's/rev2/rev1/' "$PLAN_FILE"\n${ROOT_FAILS}`,
    )
    t.is(
      out,
      'image testimage was prepared for revision rev1, the tables are at rev2: run liteimg testimage\nstill mounted\nbooted\n',
    )
  })

  test(`${shell.name}: a form that the initrd cannot unpack`, async (t) => {
    const { run } = await openNode(t, shell, ['cpio', 'zstd'])
    t.is(
      await run(`ZSTD_PROGRAM=/nowhere/zstd\n${ROOT_FAILS}`),
      'the initrd cannot unpack cpio.zst (it has no zstd): run liteimg, which makes both anew\n',
    )
  })
}
