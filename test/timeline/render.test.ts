import test from 'ava'
import { foldBoots } from '../../src/timeline/boot.ts'
import { renderEarlierFailures, renderTimeline } from '../../src/timeline/render.ts'
import { renderBytes, renderDuration, renderInstant } from '../../src/timeline/words.ts'
import { exchange, get, report, T0, untilInitrd, wholeBoot } from './scenes.ts'

test('a stuck boot as text', (t) => {
  const boot = foldBoots('cn01', untilInitrd(), T0 + 305_200)[0]
  t.truthy(boot)
  if (!boot) return
  t.is(
    renderTimeline(boot, { utc: true }),
    `cn01  2026-11-22 15:04:05Z
    +0.00s           dhcp   DISCOVER [10.77.0.11]
    +0.00s           dhcp   OFFER    undionly.kpxe [10.77.0.11]  x86 BIOS: iPXE for BIOS
    +0.50s           dhcp   REQUEST  [10.77.0.11]
    +0.50s           dhcp   ACK      undionly.kpxe [10.77.0.11]  x86 BIOS: iPXE for BIOS
    +0.80s    0.20s  tftp   read     undionly.kpxe 68.4 KiB [10.77.0.11]
    +3.00s           dhcp   DISCOVER [10.77.0.11]
    +3.00s           dhcp   OFFER    http://10.77.0.1/boot/ipxe/cn01 [10.77.0.11]  iPXE (user class): the node’s iPXE script
    +3.50s           dhcp   REQUEST  [10.77.0.11]
    +3.50s           dhcp   ACK      http://10.77.0.1/boot/ipxe/cn01 [10.77.0.11]  iPXE (user class): the node’s iPXE script
    +3.60s    0.00s  http   get      /boot/ipxe/cn01 612 B [10.77.0.11]
    +4.40s    0.70s  http   get      /install/netboot/debian12/x86_64/compute/kernel 7.7 MiB [10.77.0.11]
    +5.20s    0.80s  http   get      /install/netboot/debian12/x86_64/compute/initrd-statelite.gz 11.4 MiB [10.77.0.11]
stages: firmware dhcp 0.5 s, loader 0.2 s, boot file 0.0 s, kernel 0.7 s, initrd 0.8 s
stuck at network, last seen http get /install/netboot/debian12/x86_64/compute/initrd-statelite.gz 5 min ago
check: kernel and initrd were fetched but the initrd does not speak: check console= for a panic, whether the initrd has the driver of the network port, and spanning tree on its switch port
`,
  )
})

test('boots that stopped, one soon after the other, are counted below the last', (t) => {
  const before = (...events: Parameters<typeof foldBoots>[1][]) =>
    renderEarlierFailures(foldBoots('cn01', events.flat(), T0 + 20_000_000), true)
  t.is(before(untilInitrd()), undefined)
  t.is(
    before(untilInitrd(), untilInitrd(60)),
    'before: the boot before this one, of 2026-11-22 15:04:05Z, did not come up: stopped at network, last seen http get /install/netboot/debian12/x86_64/compute/initrd-statelite.gz; started again 54.8 s later (--all shows them)',
  )
  t.regex(
    before(wholeBoot(), untilInitrd(60), untilInitrd(120), wholeBoot(180)) ?? '',
    /^before: the 2 boots before this one, since 2026-11-22 15:05:05Z, did not come up: stopped at network/,
  )
  t.is(before(untilInitrd(), wholeBoot(60), untilInitrd(120)), undefined)
  // Somebody came back to it another day.
  t.is(before(untilInitrd(), untilInitrd(4000)), undefined)
})

test('a failed report: its log lines below it, nothing of it reaches the terminal as a command', (t) => {
  const detail = 'mount failed\n\u001b[2Jrpc: timed out'
  const events = [...exchange(0, 'plain').slice(0, 1), report(1, 'root', 'failed', { detail })]
  const boot = foldBoots('cn01', events, T0 + 2000)[0]
  t.truthy(boot)
  if (!boot) return
  t.is(
    renderTimeline(boot, { utc: true }),
    `cn01  2026-11-22 15:04:05Z  boot id b1
    +0.00s           dhcp   DISCOVER [10.77.0.11]
    +1.00s           initrd report   root failed [10.77.0.11]  !
                     | mount failed
                     |  [2Jrpc: timed out
stages: firmware dhcp (running), root (failed)
failed at root: mount failed (retrying; 1.0 s ago)
check: the root file system cannot be used: the report above says why; check the NFS server of the plan, its exports and rootimgdir, and that liteimg was run after the last edit
`,
  )
})

test('a root that does not fit into memory: its own remedies count, not those of an NFS server', (t) => {
  for (const said of [
    'the root takes 847 MiB of memory, 610 MiB of 710 MiB are free: give the node more, or use rootfstype=nfs',
    'the root takes more than the 847 MiB of memory it was said to: it did not fit into its tmpfs of size 50%',
    'rootlimit=100m is too small: the root takes 847 MiB',
  ]) {
    const events = [...exchange(0, 'plain').slice(0, 1), report(1, 'root', 'failed', { detail: said })]
    const boot = foldBoots('cn01', events, T0 + 2000)[0]
    t.true(boot?.summary.startsWith(`failed at root: ${said} (retrying`), boot?.summary)
    t.regex(boot?.advice ?? '', /^do one of the things named above/)
  }
})

test('a step that is tried again and again: its first line once, how often, and the newest log lines', (t) => {
  const failed = (at: number, log: string) => report(at, 'root', 'failed', { detail: `mount failed\n${log}` })
  const events = [
    report(1, 'root', 'start'),
    failed(2, 'try 1'),
    get(3, '/node/v1/cn01/plan', { ok: false, detail: '503' }),
    failed(4, 'try 2'),
    get(5, '/node/v1/cn01/plan', { ok: false, detail: '503' }),
    failed(6, 'try 3'),
    report(7, 'root', 'retry', { detail: 'no route\nlast' }),
    failed(8, 'try 4'),
    report(9, 'root', 'ok'),
    report(10, 'trees', 'failed', { detail: 'mount failed\nalone' }),
  ]
  const boot = foldBoots('cn01', events, T0 + 11_000)[0]
  t.truthy(boot)
  if (!boot) return
  const lines = renderTimeline(boot, { utc: true }).split('\n').slice(1)
  t.deepEqual(
    lines.slice(
      0,
      lines.findIndex((line) => line.startsWith('stages:')),
    ),
    [
      '    +0.00s           initrd report   root start [10.77.0.11]',
      '    +1.00s           initrd report   root failed [10.77.0.11]  mount failed  !',
      '    +2.00s    0.01s  http   get      /node/v1/cn01/plan 1000 B [10.77.0.11]  503  !',
      '                     … 1 more time until +4.00s',
      '                     … 2 more times until +5.00s',
      '                     | mount failed',
      '                     | try 3',
      '    +6.00s           initrd report   root retry [10.77.0.11]',
      '                     | no route',
      '                     | last',
      '    +7.00s           initrd report   root failed [10.77.0.11]  !',
      '                     | mount failed',
      '                     | try 4',
      '    +8.00s           initrd report   root ok [10.77.0.11]',
      '    +9.00s           initrd report   trees failed [10.77.0.11]  !',
      '                     | mount failed',
      '                     | alone',
    ],
  )
})

test('a thousand retries take as many lines as two', (t) => {
  const events = Array.from({ length: 1000 }, (_, at) => report(at, 'root', 'failed', { detail: `no answer\n${at}` }))
  const boot = foldBoots('cn01', events, T0 + 1_000_000)[0]
  t.truthy(boot)
  if (!boot) return
  const text = renderTimeline(boot, { utc: true })
  t.true(text.split('\n').length < 12)
  t.regex(text, /… 999 more times until \+999\.00s/)
  t.regex(text, /\| 999\n/)
})

test('colour marks the summary and failed events, and changes no word', (t) => {
  const boot = foldBoots('cn01', [get(0, '/x/kernel', { ok: false })], T0)[0]
  t.truthy(boot)
  if (!boot) return
  const plain = renderTimeline(boot, { utc: true })
  const colour = renderTimeline(boot, { utc: true, colour: true })
  t.true(colour.includes('\u001b[31m'))
  t.is(colour.replaceAll(new RegExp(`${'\u001b'}\\[\\d+m`, 'g'), ''), plain)
})

test('durations and sizes at their edges', (t) => {
  t.deepEqual([0, 949, 59_949, 59_950, 60_000, 3_599_600, 86_400_000].map(renderDuration), [
    '0.0 s',
    '0.9 s',
    '59.9 s',
    '1 min',
    '1 min',
    '1 h',
    '1 d',
  ])
  t.is(renderDuration(-5), '0.0 s')
  t.deepEqual([0, 1023, 1024, 1_048_575, 1_048_576, 3 * 1024 ** 3].map(renderBytes), [
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.0 MiB',
    '1.0 MiB',
    '3.0 GiB',
  ])
})

test('local time without a zone letter', (t) => {
  t.regex(renderInstant(T0, false), /^2026-11-2[123] \d\d:04:05$/)
})
