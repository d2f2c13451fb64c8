import test from 'ava'
import fc from 'fast-check'
import { foldBoots } from '../../src/timeline/boot.ts'
import type { BootEvent } from '../../src/timeline/event.ts'
import { EXPECTATIONS, STAGES } from '../../src/timeline/stages.ts'
import { statusOfBoot, statusOfEvent } from '../../src/timeline/state.ts'
import { dhcp, exchange, get, initrdSteps, read, report, T0, untilInitrd, wholeBoot } from './scenes.ts'

const at = (seconds: number): number => T0 + seconds * 1000
const fold = (events: readonly BootEvent[], nowSeconds: number) => foldBoots('cn01', events, at(nowSeconds))

test('a whole boot is one boot, with every stage and its duration', (t) => {
  const [boot, ...others] = fold(wholeBoot(), 40)
  t.deepEqual(others, [])
  t.is(boot?.state, 'booted')
  t.is(boot?.summary, 'booted after 33.2 s')
  t.is(boot?.bootId, 'b1')
  t.is(boot?.at, undefined)
  t.deepEqual(
    boot?.stages.map(({ name }) => name),
    STAGES.filter((stage) => stage !== 'localdisk'),
  )
  const durations = Object.fromEntries(boot?.stages.map(({ name, durationMs }) => [name, durationMs]) ?? [])
  t.is(durations['firmware dhcp'], 501)
  t.is(durations.kernel, 700)
  t.is(durations.plan, 300)
  t.is(durations.root, 300)
})

test('the second DISCOVER of iPXE, and those of the initrd and the system, belong to the same boot', (t) => {
  t.is(fold([...exchange(0, 'firmware'), read(0.8, 'undionly.kpxe'), ...exchange(3, 'ipxe')], 4).length, 1)
  t.is(fold([...untilInitrd(), ...exchange(8, 'plain')], 9).length, 1)
  t.is(fold([...wholeBoot(), ...exchange(1800, 'plain')], 1801).length, 1)
})

test('a firmware DISCOVER after a finished boot starts the next one', (t) => {
  const boots = fold([...wholeBoot(), ...wholeBoot(100, 'b2')], 140)
  t.deepEqual(
    boots.map(({ bootId, state, startMs }) => [bootId, state, startMs]),
    [
      ['b1', 'booted', at(0)],
      ['b2', 'booted', at(100)],
    ],
  )
})

test('a firmware DISCOVER in the middle of a boot is a restart; a repeated one before any answer is not', (t) => {
  const boots = fold([...untilInitrd(), ...exchange(20, 'firmware')], 21)
  t.is(boots.length, 2)
  t.is(boots[0]?.state, 'stuck')
  t.regex(
    boots[0]?.summary ?? '',
    /^stopped at network, last seen http get .*initrd-statelite\.gz; started again 14\.8 s later$/,
  )
  t.is(fold([dhcp(0, 'DISCOVER'), dhcp(4, 'DISCOVER'), ...exchange(12, 'firmware')], 13).length, 1)
})

test('iPXE that asks again after it had its script has restarted', (t) => {
  t.is(fold([...exchange(0, 'ipxe'), get(1, '/boot/ipxe/cn01'), ...exchange(30, 'ipxe')], 31).length, 2)
})

test('SLOF names itself only in the REQUEST: the ACK tells that it is firmware', (t) => {
  const slof = [
    dhcp(100, 'DISCOVER'),
    dhcp(100.1, 'OFFER', {
      object: 'boot/grub2/grub2-cn01',
      detail: 'no boot firmware named: GRUB, chosen by the tables',
    }),
    dhcp(100.2, 'REQUEST'),
    dhcp(100.3, 'ACK', { object: 'boot/grub2/grub2-cn01', detail: 'POWER Open Firmware: GRUB' }),
  ]
  t.is(fold([...wholeBoot(), ...slof], 101).length, 2)
})

test('a new boot id starts a new boot, and a late report goes to the boot it names', (t) => {
  const boots = fold(
    [...untilInitrd(), ...initrdSteps(), report(40, 'network', 'ok', { bootId: 'b2' }), report(41, 'booted', 'ok')],
    42,
  )
  t.deepEqual(
    boots.map(({ bootId, state }) => [bootId, state]),
    [
      ['b1', 'booted'],
      ['b2', 'running'],
    ],
  )
})

test('without DHCP of ours a boot starts with the first file of the loader', (t) => {
  const boots = fold([...wholeBoot(), get(200, '/boot/ipxe/cn01')], 201)
  t.is(boots.length, 2)
  t.is(boots[1]?.at, 'kernel')
})

test('localdisk is due only when its start was reported', (t) => {
  const events = [...untilInitrd(), ...initrdSteps()]
  const until = lastOf(events, 'root')
  const root = events.slice(0, until + 1)
  t.is(fold(root, 20)[0]?.at, 'persistent')
  const last = (root.at(-1)?.atMs ?? 0) / 1000 + 1
  t.is(fold([...root, report(last, 'localdisk', 'start')], last + 1)[0]?.at, 'localdisk')
  t.is(fold([...root, report(last, 'localdisk', 'start')], last + 3600)[0]?.state, 'stuck')
})

// What every boot goes through.
const USUAL = STAGES.filter((stage) => stage !== 'localdisk')
for (const [index, stage] of USUAL.entries()) {
  const next = USUAL[index + 1]
  if (next === undefined) continue
  test(`silence after ${stage} is stuck at ${next} once its patience is over, not before`, (t) => {
    const events = [...untilInitrd(), ...initrdSteps()]
    const until = lastOf(events, stage)
    const seen = events.slice(0, until + 1)
    const lastMs = seen.at(-1)?.atMs ?? 0
    const patience = EXPECTATIONS[next].patienceMs
    const before = foldBoots('cn01', seen, lastMs + patience).at(-1)
    t.is(before?.state, 'running')
    const after = foldBoots('cn01', seen, lastMs + patience + 1).at(-1)
    t.is(after?.state, 'stuck')
    t.is(after?.at, next)
    t.true(after?.summary.startsWith(`stuck at ${next}, last seen `), after?.summary)
    t.is(after?.advice, EXPECTATIONS[next].advice)
  })
}

/** Index of the event that completes the stage. */
function lastOf(events: readonly BootEvent[], stage: string): number {
  const files: Record<string, RegExp> = {
    loader: /kpxe$/,
    'boot file': /ipxe\/cn01$/,
    kernel: /kernel$/,
    initrd: /initrd/,
  }
  if (stage === 'firmware dhcp') return events.findIndex(({ event }) => event === 'ACK')
  const file = files[stage]
  if (file) return events.findLastIndex(({ service, object }) => service !== 'dhcp' && file.test(object ?? ''))
  return events.findLastIndex((event) => event.stage === stage && event.result === 'ok')
}

test('iPXE in the card’s ROM has no loader stage: the boot file is due next', (t) => {
  t.is(fold(exchange(0, 'ipxe'), 1).at(-1)?.at, 'boot file')
})

test('an answer nobody takes is stuck at firmware dhcp', (t) => {
  const boot = fold(exchange(0, 'firmware').slice(0, 2), 61).at(-1)
  t.is(boot?.state, 'stuck')
  t.is(boot?.at, 'firmware dhcp')
  t.is(boot?.summary, 'stuck at firmware dhcp, last seen dhcp OFFER undionly.kpxe 1 min 1 s ago')
})

test('a failed step says why and that it goes on; its success clears it', (t) => {
  const events = [...untilInitrd(), report(9, 'network', 'ok'), report(10, 'root', 'start')]
  const failed = [...events, report(12, 'root', 'failed', { detail: 'mount: timed out\nlast log line' })]
  const boot = fold(failed, 15).at(-1)
  t.is(boot?.state, 'failed')
  t.is(boot?.at, 'root')
  t.is(boot?.summary, 'failed at root: mount: timed out (retrying; 3.0 s ago)')
  t.is(boot && statusOfBoot(boot), 'failed')
  const trying = fold([...failed, report(14, 'root', 'start')], 15).at(-1)
  t.is(trying?.state, 'running', 'a new attempt')
  const cleared = fold([...failed, report(20, 'root', 'ok')], 21).at(-1)
  t.is(cleared?.state, 'running')
  t.is(cleared?.at, 'persistent')
})

test('retry is still running, until nothing comes any more', (t) => {
  const events = [...untilInitrd(), report(9, 'network', 'ok'), report(10, 'plan', 'retry', { detail: 'no answer' })]
  t.is(fold(events, 20).at(-1)?.state, 'running')
  t.is(fold(events, 75).at(-1)?.state, 'stuck')
})

test('what the server has not got is said at once, with its words; the file that comes after all clears it', (t) => {
  const why = 'loader pxelinux.0 (x86 BIOS) is missing: apt-get install pxelinux'
  const events = [...exchange(0, 'firmware'), read(1, 'pxelinux.0', { ok: false, bytes: 0, detail: why })]
  t.is(fold(events, 2).at(-1)?.state, 'running', 'loaders ask for several names at once')
  const boot = fold(events, 11).at(-1)
  t.is(boot?.state, 'failed')
  t.is(boot?.at, 'loader')
  t.is(boot?.summary, `failed at loader: tftp pxelinux.0: ${why} (asked 10.0 s ago)`)
  t.is(boot?.advice, 'mend what is named above; the node goes on when it asks again')
  t.regex(fold(events, 84).at(-1)?.advice ?? '', /goes on when it asks again$/, 'OVMF asks again after 83 s')
  t.regex(fold(events, 182).at(-1)?.advice ?? '', /has stopped asking: then restart it$/)
  t.is(boot && statusOfBoot(boot), 'failed')
  const going = fold(
    [
      ...events,
      read(20, 'pxelinux.0'),
      read(20.1, 'pxelinux.cfg/01-aa', { ok: false, bytes: 0, detail: 'no such file' }),
    ],
    21,
  )
  t.is(going.at(-1)?.state, 'running')
  t.is(going.at(-1)?.at, 'boot file')
})

test('a kernel that is gone is a failure however often the boot file is read, by HTTP as by TFTP', (t) => {
  const gone = '404 image lite has no /i/kernel: run liteimg lite'
  const round = (s: number) => [
    get(s, '/boot/ipxe/cn01'),
    get(s + 0.1, '/image/lite/01/kernel', { ok: false, bytes: 50, detail: gone }),
  ]
  const events = [...exchange(0, 'ipxe'), ...round(1), ...round(11), ...round(21)]
  const boot = fold(events, 26).at(-1)
  t.is(boot?.summary, `failed at kernel: http /image/lite/01/kernel: ${gone} (asked 4.9 s ago)`)
  const cut = get(31, '/image/lite/01/kernel', { ok: false, detail: 'client closed after 65536 bytes' })
  t.is(fold([...exchange(0, 'ipxe'), get(1, '/boot/ipxe/cn01'), cut], 36).at(-1)?.state, 'running', 'no refusal')
  t.is(fold([...events, get(31, '/image/lite/02/kernel')], 36).at(-1)?.at, 'initrd')
})

test('a loader that has the kernel and begins again and again is not on its way: GRUB that must not start it', (t) => {
  // As seen under Secure Boot with a kernel whose signature the node does not know.
  const round = (s: number) => [read(s, '/boot/grub2/cn01'), read(s + 6.5, '/image/i/1/kernel', { durationMs: 1500 })]
  const first = [
    ...exchange(0, 'firmware'),
    read(4, 'boot/efi/cn01/netbootx64.efi'),
    read(5, '/grub/grub.cfg'),
    read(11.6, '/image/i/1/kernel', { durationMs: 1400 }),
  ]
  t.is(fold([...first, ...round(35)], 42).at(-1)?.state, 'running')
  const circling = fold([...first, ...round(35), ...round(65)], 83.5).at(-1)
  t.is(circling?.state, 'failed')
  t.is(
    circling?.summary,
    'failed at initrd: after the kernel the loader began again with its boot file, 2 times (last seen tftp read /image/i/1/kernel 12.0 s ago)',
  )
  t.regex(circling?.advice ?? '', /Secure Boot/)
  t.deepEqual(
    circling?.stages.map(({ name, durationMs }) => [name, durationMs]),
    [
      ['firmware dhcp', 501],
      ['loader', 10],
      ['boot file', 10],
      ['kernel', 1400],
    ],
  )
  t.is(fold([...first, ...round(35), ...round(65)], 72 + 121).at(-1)?.state, 'stuck')
  const goesOn = [...first, ...round(35), ...round(65), read(95, '/boot/grub2/cn01'), read(102, '/image/i/2/kernel')]
  t.is(fold([...goesOn, read(103, '/image/i/2/initrd')], 104).at(-1)?.state, 'running')
})

test('misses and cut transfers beside a hit are no failure', (t) => {
  const events = [
    ...exchange(0, 'firmware'),
    read(1, 'boot/grub2/grub2-cn01'),
    read(2, 'boot/grub2/grub.cfg-01-52-54-00-77-00-01', { ok: false, detail: 'no such file' }),
    read(3, 'boot/grub2/grub.cfg'),
    read(3.1, 'boot/grub2/grub.cfg-0', { ok: false }),
    get(4, '/x/vmlinux.gz', { ok: false, detail: 'client closed after 65536 bytes' }),
    get(8, '/x/initrd.gz'),
  ]
  const boot = fold(events, 9).at(-1)
  t.deepEqual(
    boot?.stages.map(({ name, result }) => [name, result]),
    [
      ['firmware dhcp', 'ok'],
      ['loader', 'ok'],
      ['boot file', 'ok'],
      ['kernel', 'ok'],
      ['initrd', 'ok'],
    ],
  )
  t.is(boot?.at, 'network')
})

test('GRUB reads the end of the kernel, then most of it, and hangs up: all that is the time of the kernel', (t) => {
  const cut = { ok: false, detail: 'client closed after 9437184 bytes' }
  const events = [
    ...exchange(0, 'firmware'),
    read(1, 'boot/grub2/grub2-cn01'),
    read(2, 'boot/grub2/grub.cfg'),
    get(8, '/x/kernel.gz', { ok: false, bytes: 0, durationMs: 50, detail: 'client closed after 0 bytes' }),
    get(8.1, '/x/kernel.gz', { durationMs: 20 }),
    get(20, '/x/kernel.gz', { ...cut, durationMs: 11_000 }),
    get(25, '/x/initrd', { durationMs: 5000 }),
    get(26, '/x/kernel.gz', cut),
  ]
  const kernel = fold(events, 26)
    .at(-1)
    ?.stages.find(({ name }) => name === 'kernel')
  t.is(kernel?.durationMs, 20_000 - 7950)
})

test('a question for the size of a loader is not its download', (t) => {
  const probe = read(1, 'snponly.efi', { bytes: 0, detail: 'stopped by the client before the first block (error 8)' })
  t.is(fold([...exchange(0, 'firmware'), probe], 2).at(-1)?.at, 'loader')
  t.is(fold([...exchange(0, 'firmware'), probe, read(1.5, 'snponly.efi')], 2).at(-1)?.at, 'boot file')
})

test('what a running system fetches does not change how it booted', (t) => {
  const before = fold(wholeBoot(), 40)[0]
  const after = fold([...wholeBoot(), get(500, '/node/v1/cn01/plan', { event: 'plan' })], 501)[0]
  t.deepEqual(after?.stages, before?.stages)
  t.is(after?.summary, before?.summary)
})

test('nodelist.status words along a boot', (t) => {
  const events = wholeBoot()
  const words = events.map((event) => statusOfEvent(event)).filter((word) => word !== undefined)
  t.deepEqual([...new Set(words)], ['netbooting', 'postbooting', 'booted'])
  t.is(statusOfEvent(report(1, 'root', 'failed')), 'failed')
  t.is(statusOfEvent(report(1, 'root', 'start')), undefined)
  t.is(statusOfEvent(dhcp(1, 'ACK')), undefined)
  const handedOver = fold([...untilInitrd(), ...initrdSteps()], 15).at(-1)
  t.is(handedOver && statusOfBoot(handedOver), 'postbooting')
  const stuck = fold([...untilInitrd(), ...initrdSteps()], 15 + 3600).at(-1)
  t.is(stuck && statusOfBoot(stuck), 'failed')
})

const anyEvent: fc.Arbitrary<BootEvent> = fc
  .record(
    {
      service: fc.constantFrom('dhcp', 'tftp', 'http', 'nfs', 'initrd', 'os', 'server'),
      event: fc.constantFrom('DISCOVER', 'OFFER', 'REQUEST', 'ACK', 'NAK', 'read', 'get', 'plan', 'report', 'mount'),
      ok: fc.boolean(),
      atMs: fc.integer({ min: 0, max: 10_000_000 }),
      object: fc.constantFrom('/boot/ipxe/cn01', 'undionly.kpxe', '/x/kernel', '/x/initrd.gz', 'grub.cfg', 'other'),
      detail: fc.constantFrom('x86 BIOS: iPXE for BIOS', 'iPXE (user class): x', 'no boot firmware named: y'),
      stage: fc.constantFrom(...STAGES, 'strange'),
      result: fc.constantFrom('start', 'ok', 'retry', 'failed'),
      bootId: fc.constantFrom('b1', 'b2'),
      durationMs: fc.nat(10_000),
    },
    { requiredKeys: ['service', 'event', 'ok', 'atMs'] },
  )
  // fast-check widens the literal unions to string
  .map((event) => event as BootEvent)

test('property: every event is in exactly one boot, in order, and every boot has a state', (t) => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 40 }), (unordered) => {
      const events = unordered.toSorted((a, b) => a.atMs - b.atMs)
      const boots = foldBoots('cn01', events, 11_000_000)
      const kept = boots.flatMap((boot) => boot.events)
      t.is(kept.length, events.length)
      t.is(new Set(kept).size, events.length)
      for (const boot of boots) {
        t.true(['running', 'booted', 'failed', 'stuck'].includes(boot.state))
        t.is(boot.at === undefined, boot.state === 'booted')
        for (const stage of boot.stages) t.true((stage.durationMs ?? 0) >= 0)
        t.deepEqual(
          boot.events,
          boot.events.toSorted((a, b) => a.atMs - b.atMs),
        )
      }
    }),
  )
})

test('a machine that waits to be adopted is not stuck', (t) => {
  const said = { atMs: T0 + 9000, service: 'server', event: 'discovered', mac: '52:54:00:77:00:01', ok: true } as const
  const [boot] = fold([...exchange(0, 'ipxe'), said], 3609)
  t.is(boot?.state, 'running')
  t.is(boot?.summary, 'waits to be adopted for 1 h: liteboot discovered')
})

test('nodeset shell: a node that waits in its shell is not stuck, and is back in its boot when the shell is left', (t) => {
  const shell = [...untilInitrd(), report(8, 'network', 'ok'), report(8.1, 'shell', 'start')]
  const [boot] = fold(shell, 3608.1)
  t.is(boot?.state, 'running')
  t.is(boot?.summary, 'in a shell on its console for 1 h')
  t.is(boot?.advice, undefined)
  t.is(statusOfEvent(report(8.1, 'shell', 'start')), 'shell')
  const left = fold([...shell, report(3700, 'shell', 'ok'), report(3700, 'plan', 'start')], 3701)
  t.is(left.at(-1)?.at, 'plan')
  const [off] = fold([...untilInitrd(), report(8, 'network', 'ok'), report(8.1, 'shutdown', 'start')], 68.1)
  t.regex(off?.summary ?? '', /^switched itself off/)
})

test('a boot file that starts no kernel: left to the next device, or refused by the tables; a kernel after all is a boot', (t) => {
  const answered = (seconds: number, ok: boolean, detail: string): BootEvent => ({
    ...{ atMs: at(seconds), service: 'server', event: 'boot file', node: 'cn01', ok, detail },
  })
  const start = [...exchange(0, 'ipxe'), answered(1, true, 'next device'), get(1, '/boot/ipxe/cn01')]
  const [left] = fold(start, 601)
  t.is(left?.state, 'running')
  t.is(left?.summary, 'left to its next boot device 10 min ago')
  const wrong = [...exchange(0, 'ipxe'), answered(1, false, 'no row\nmore'), get(1, '/boot/ipxe/cn01')]
  const [refused] = fold(wrong, 61)
  t.is(refused?.state, 'failed')
  t.is(refused?.at, 'boot file')
  t.is(refused?.summary, 'failed at boot file: no row (1 min ago)')
  t.regex(refused?.advice ?? '', /asks again/)
  const [mended] = fold([...wrong, get(31, '/boot/ipxe/cn01'), get(32, '/image/lite/0/kernel')], 33)
  t.is(mended?.state, 'running')
  t.is(mended?.at, 'initrd')
})

test('a root that is on its way for long is not stuck as long as the node says so, and is when it falls silent', (t) => {
  const events = [...untilInitrd(), report(9, 'network', 'ok'), report(10, 'root', 'start')]
  for (let second = 40; second <= 400; second += 30)
    events.push(report(second, 'root', 'start', { detail: `${second} of 900 MiB are here` }))
  t.is(fold(events, 515).at(-1)?.state, 'running')
  t.is(fold(events, 530).at(-1)?.state, 'stuck')
  t.is(fold(events.slice(0, -8), 330).at(-1)?.state, 'stuck')
  const [root] =
    fold([...events, report(420, 'root', 'ok')], 421)
      .at(-1)
      ?.stages.filter(({ name }) => name === 'root') ?? []
  t.like(root, { result: 'ok', durationMs: 410_000 })
})

test('firmware that nothing boots: said at once, not blamed on TFTP, and over when other firmware asks', (t) => {
  const answered = (seconds: number, detail: string, object?: string) => [
    dhcp(seconds, 'DISCOVER'),
    dhcp(seconds + 0.1, 'OFFER', { detail, ...(object === undefined ? {} : { object }) }),
    dhcp(seconds + 0.2, 'REQUEST'),
    dhcp(seconds + 0.3, 'ACK', { detail, ...(object === undefined ? {} : { object }) }),
  ]
  const rows = 'known by its address [mac node=cn01]; x86 UEFI: no loader for this architecture, address only'
  const odd = answered(0, rows)
  const [boot] = fold(odd, 2)
  t.is(boot?.state, 'failed')
  t.is(boot?.at, 'loader')
  t.is(boot?.summary, 'failed at loader: x86 UEFI: no loader for this architecture (1.7 s ago)')
  t.regex(boot?.advice ?? '', /in its setup/)
  const [unknown] = fold(answered(0, 'client architecture 77: no loader for this platform, address only'), 100)
  t.regex(unknown?.summary ?? '', /^failed at loader: client architecture 77: no loader for this platform/)
  // The setup was changed.
  const [again] = fold([...odd, ...answered(30, 'x86_64 UEFI: iPXE for x86_64 UEFI', 'snponly.efi')], 31)
  t.is(again?.state, 'running')
  t.is(again?.at, 'loader')
  // Its disk has a system that asks too: what was told to the firmware stands.
  const [fromDisk] = fold([...odd, ...exchange(40, 'plain')], 200)
  t.is(fromDisk?.at, 'loader')
  // After a whole boot it is another one.
  t.is(fold([...wholeBoot(), ...answered(120, rows)], 121).length, 2)
})

test('a machine that no table knows: its inventory is refused, and then taken', (t) => {
  const who = { mac: '52:54:00:77:00:0b', ip: '10.77.9.1' }
  const events: BootEvent[] = [
    { atMs: T0, service: 'dhcp', event: 'DISCOVER', ok: true, ...who },
    { atMs: T0 + 500, service: 'dhcp', event: 'ACK', object: 'snponly.efi', ok: true, ...who },
    ...[2000, 12_000].map((atMs): BootEvent => {
      const detail = '503 1024 machines wait already: adopt them, or liteboot discovered --remove'
      return {
        atMs: T0 + atMs,
        service: 'http',
        event: 'refused',
        object: '/discover/v1/report',
        ok: false,
        detail,
        ...who,
      }
    }),
  ]
  const refused = foldBoots(who.mac, events, T0 + 20_000).at(-1)
  t.is(refused?.state, 'failed')
  t.regex(
    refused?.summary ?? '',
    /^failed at network: the inventory was refused: 503 1024 machines wait .* \(8\.0 s ago\)$/,
  )
  const taken = { atMs: T0 + 22_000, service: 'server', event: 'discovered', ok: true, ...who } as const
  t.regex(foldBoots(who.mac, [...events, taken], T0 + 30_000).at(-1)?.summary ?? '', /^waits to be adopted for 8\.0 s/)
})
