/** The promise of the lease store: one address, one client; what was ACKed survives a crash. */
import test from 'ava'
import fc from 'fast-check'
import { OPTION } from '../../src/dhcp/options.ts'
import { MESSAGE } from '../../src/dhcp/reply.ts'
import { cpuMs } from '../cpu-clock.ts'
import { ip } from './fake-cluster.ts'
import { MemoryDisk, openHarness } from './harness.ts'
import { octets } from './requests.ts'

const CLIENTS = 7
const macOf = (client: number) => `02:00:00:00:00:0${client}`
const TABLES = {
  networks: [{ net: '10.77.0.0', range: ['10.77.0.50', '10.77.0.54'] as const }],
  nodes: [{ name: 'n01', mac: '52:54:00:77:00:01', ip: '10.77.0.52', image: 'img' }],
  site: { leaseSeconds: 600 },
}

type Step =
  | { readonly do: 'discover' | 'request' | 'renew' | 'release' | 'decline'; readonly client: number }
  | { readonly do: 'claim'; readonly client: number; readonly address: number; readonly renewing: boolean }
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'crash'; readonly torn: number }

const anyClient = fc.integer({ min: 1, max: CLIENTS })
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constantFrom('discover' as const, 'request' as const, 'renew' as const, 'release' as const),
      client: anyClient,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('decline' as const), client: anyClient }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('claim' as const),
      client: anyClient,
      address: fc.integer({ min: 49, max: 55 }),
      renewing: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 500 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), torn: fc.nat(60) }) },
)

test('never one address for two clients: any order of requests, expiry, DECLINE, RELEASE and crashes', async (t) => {
  let acknowledged = 0
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 60, size: 'max' }), async (steps) => {
      let lab = await openHarness({ tables: TABLES })
      const offers = new Map<number, string>()
      /** What each client believes, from the ACKs it saw. */
      const held = new Map<number, { readonly address: string; readonly untilMs: number }>()

      const wish = async (client: number, address: string, state: 'selecting' | 'init-reboot' | 'renewing') => {
        const options: (readonly [number, readonly number[]])[] = []
        if (state !== 'renewing') options.push([OPTION.requestedAddress, octets(address)])
        if (state === 'selecting') options.push([OPTION.serverIdentifier, [10, 77, 0, 1]])
        const ciaddr = state === 'renewing' ? address : '0.0.0.0'
        const reply = await lab.ask({ type: MESSAGE.REQUEST, mac: macOf(client), ciaddr, options })
        if (reply?.type === MESSAGE.NAK) held.delete(client)
        if (reply?.type !== MESSAGE.ACK) return
        acknowledged += 1
        if (reply.yiaddr !== address) throw new Error(`asked for ${address}, got ${reply.yiaddr}`)
        if (address === '10.77.0.52') throw new Error('a stranger got the address of n01')
        for (const [other, lease] of held) {
          if (other !== client && lease.address === address && lease.untilMs > lab.clock.nowMs)
            throw new Error(`${address} is held by ${other}, given to ${client}`)
        }
        held.set(client, { address, untilMs: lab.clock.nowMs + 600_000 })
      }

      for (const step of steps) {
        const lease = 'client' in step ? held.get(step.client) : undefined
        switch (step.do) {
          case 'discover': {
            const offer = await lab.ask({ type: MESSAGE.DISCOVER, mac: macOf(step.client) })
            if (!offer) break
            for (const [other, { address, untilMs }] of held) {
              if (other !== step.client && address === offer.yiaddr && untilMs > lab.clock.nowMs)
                throw new Error(`${address} is held by ${other}, offered to ${step.client}`)
            }
            offers.set(step.client, offer.yiaddr)
            break
          }
          case 'request': {
            const offered = offers.get(step.client)
            if (offered) await wish(step.client, offered, 'selecting')
            break
          }
          case 'renew':
            if (lease && lease.untilMs > lab.clock.nowMs) await wish(step.client, lease.address, 'renewing')
            break
          case 'claim':
            await wish(step.client, `10.77.0.${step.address}`, step.renewing ? 'renewing' : 'init-reboot')
            break
          case 'release':
          case 'decline': {
            if (!lease) break
            const options = [[OPTION.serverIdentifier, [10, 77, 0, 1]] as const]
            if (step.do === 'release')
              await lab.ask({ type: MESSAGE.RELEASE, mac: macOf(step.client), ciaddr: lease.address, options })
            else {
              const requested = [OPTION.requestedAddress, octets(lease.address)] as const
              await lab.ask({ type: MESSAGE.DECLINE, mac: macOf(step.client), options: [...options, requested] })
            }
            held.delete(step.client)
            break
          }
          case 'wait':
            lab.clock.nowMs += step.seconds * 1000
            break
          case 'crash': {
            const disk = new MemoryDisk()
            // The machine died while a record was being written: part of a line is left.
            disk.text =
              lab.disk.text + '3f1b0c2a bind 10.77.0.50 1700000000000 10.77.0.0/02:00:00:00:00:09 -'.slice(0, step.torn)
            lab = await openHarness({ tables: TABLES, disk, nowMs: lab.clock.nowMs })
            break
          }
        }
      }
    }),
    { numRuns: 400 },
  )
  t.log(`${acknowledged} ACKs`)
  t.true(acknowledged > 500, 'the property must have seen ACKs')
})

const network = { net: '10.77.0.0', range: ['10.77.0.50', '10.77.0.52'] as const }
type Lab = Awaited<ReturnType<typeof openHarness>>

async function lease(lab: Lab, mac: string): Promise<string | undefined> {
  const offer = await lab.ask({ type: MESSAGE.DISCOVER, mac })
  if (!offer) return undefined
  const options = [
    [OPTION.requestedAddress, octets(offer.yiaddr)],
    [OPTION.serverIdentifier, [10, 77, 0, 1]],
  ] as const
  const ack = await lab.ask({ type: MESSAGE.REQUEST, mac, options })
  return ack?.type === MESSAGE.ACK ? ack.yiaddr : undefined
}

test('RFC 2131 §4.3.1: order of choice: own old address, never used, longest expired', async (t) => {
  const lab = await openHarness({ tables: { networks: [network], site: { leaseSeconds: 60 } } })
  t.is(await lease(lab, macOf(1)), '10.77.0.50')
  lab.clock.nowMs += 10_000
  t.is(await lease(lab, macOf(2)), '10.77.0.51')
  lab.clock.nowMs += 300_000
  t.is(await lease(lab, macOf(3)), '10.77.0.52', 'never used before expired')
  t.is(await lease(lab, macOf(2)), '10.77.0.51', 'its own')
  lab.clock.nowMs += 1000
  t.is(await lease(lab, macOf(4)), '10.77.0.50', 'the longest expired')
  t.is(await lease(lab, macOf(5)), undefined, 'none is free')
  t.is(lab.events.at(-1)?.event, 'DISCOVER')
  t.false(lab.events.at(-1)?.ok)
})

test('RFC 2131 §4.3.1: a requested address is offered when it is free', async (t) => {
  const lab = await openHarness({ tables: { networks: [network] } })
  const options = [[OPTION.requestedAddress, [10, 77, 0, 52]]] as const
  t.is((await lab.ask({ type: MESSAGE.DISCOVER, options }))?.yiaddr, '10.77.0.52')
})

test('RFC 2131 §4.3.3: a declined address is kept back for the quarantine, then used again', async (t) => {
  const lab = await openHarness({ tables: { networks: [{ ...network, range: ['10.77.0.50', '10.77.0.50'] }] } })
  t.is(await lease(lab, macOf(1)), '10.77.0.50')
  const options = [[OPTION.requestedAddress, [10, 77, 0, 50]]] as const
  await lab.ask({ type: MESSAGE.DECLINE, mac: macOf(2), options })
  t.is(lab.leases.list(lab.clock.nowMs)[0]?.state, 'bound', 'only its own client may decline it')
  await lab.ask({ type: MESSAGE.DECLINE, mac: macOf(1), options })
  t.is(lab.leases.list(lab.clock.nowMs)[0]?.state, 'declined')
  t.is(await lease(lab, macOf(1)), undefined)
  lab.clock.nowMs += 3_600_001
  t.is(await lease(lab, macOf(2)), '10.77.0.50')
})

test('RFC 2131 §4.3.1: the lease is on disk before the ACK leaves', async (t) => {
  const lab = await openHarness({ tables: { networks: [network] } })
  lab.service.counters.answered = 0
  const options = [
    [OPTION.requestedAddress, [10, 77, 0, 50]],
    [OPTION.serverIdentifier, [10, 77, 0, 1]],
  ] as const
  lab.disk.failing = true
  t.is(await lab.ask({ type: MESSAGE.REQUEST, options }), undefined)
  t.is(lab.service.counters.notDurable, 1)
  t.regex(lab.warnings[0] ?? '', /ENOSPC/)
  lab.disk.failing = false
  t.is((await lab.ask({ type: MESSAGE.REQUEST, options }))?.type, MESSAGE.ACK)
  t.true(lab.disk.text.includes('bind 10.77.0.50'))
  const again = await openHarness({ tables: { networks: [network] }, disk: lab.disk })
  t.is(again.leases.list(lab.clock.nowMs)[0]?.ip, ip('10.77.0.50'))
})

test('many ACKs share one commit', async (t) => {
  const range = ['10.77.0.50', '10.77.0.250'] as const
  const lab = await openHarness({ tables: { networks: [{ net: '10.77.0.0', range }] } })
  const { requestBytes } = await import('./requests.ts')
  for (let at = 50; at < 250; at += 1) {
    const options = [
      [OPTION.requestedAddress, [10, 77, 0, at]],
      [OPTION.serverIdentifier, [10, 77, 0, 1]],
    ] as const
    lab.deliver(requestBytes({ type: MESSAGE.REQUEST, mac: `02:00:00:00:01:${at.toString(16)}`, options }))
  }
  await lab.settle()
  t.is(lab.outgoing.length, 200)
  t.is(lab.disk.writes, 1)
})

test('the journal is rewritten when most of it is dead, and bounded by that', async (t) => {
  const lab = await openHarness({ tables: { networks: [network] } })
  lab.leases.applySnapshot(lab.cluster.current)
  for (let round = 0; round < 4500; round += 1) {
    void lab.leases.bind(lab.cluster.current.networks[0]!, macOf(1), ip('10.77.0.50'), 600, lab.clock.nowMs, '')
    if (round % 100 === 0) await lab.settle()
  }
  await lab.settle()
  t.true(lab.leases.journal.compactions >= 2)
  t.true(lab.disk.text.split('\n').length < 4200)
  const again = await openHarness({ tables: { networks: [network] }, disk: lab.disk })
  t.is(again.leases.list(lab.clock.nowMs).length, 1)
})

test('a damaged line is left out, reported, and gone after the next start', async (t) => {
  const lab = await openHarness({ tables: { networks: [network] } })
  await lease(lab, macOf(1))
  await lease(lab, macOf(2))
  lab.disk.text = lab.disk.text.replace('10.77.0.50', '10.77.0.59')
  const again = await openHarness({ tables: { networks: [network] }, disk: lab.disk })
  t.regex(again.warnings[0] ?? '', /1 damaged line/)
  t.deepEqual(
    again.leases.list(lab.clock.nowMs).map((entry) => entry.ip),
    [ip('10.77.0.51')],
  )
  const third = await openHarness({ tables: { networks: [network] }, disk: lab.disk })
  t.deepEqual(third.warnings, [])
})

test('a static address inside the range, the gateway and our own are never given out', async (t) => {
  const range = ['10.77.0.0', '10.77.0.5'] as const
  const nodes = [{ name: 'n01', mac: '52:54:00:77:00:01', ip: '10.77.0.3' }]
  const lab = await openHarness({ tables: { networks: [{ net: '10.77.0.0', gateway: '10.77.0.2', range }], nodes } })
  t.is(await lease(lab, macOf(1)), '10.77.0.4')
  t.is(await lease(lab, macOf(2)), '10.77.0.5')
  t.is(await lease(lab, macOf(3)), undefined)
})

test('an edit of the tables counts at once: a leased address that becomes static is refused at the next renewal', async (t) => {
  const lab = await openHarness({ tables: { networks: [network] } })
  t.is(await lease(lab, macOf(1)), '10.77.0.50')
  const { fakeSnapshot } = await import('./fake-cluster.ts')
  const nodes = [{ name: 'n01', mac: '52:54:00:77:00:01', ip: '10.77.0.50' }]
  lab.cluster.current = fakeSnapshot({ networks: [network], nodes })
  const reply = await lab.ask({ type: MESSAGE.REQUEST, mac: macOf(1), ciaddr: '10.77.0.50' })
  t.is(reply?.type, MESSAGE.NAK)
  t.is(await lease(lab, macOf(1)), '10.77.0.51')
})

test('65,536 addresses and 10,000 leases: no step looks at all of them', async (t) => {
  const range = ['10.78.0.0', '10.78.255.255'] as const
  const lab = await openHarness({ tables: { networks: [{ net: '10.78.0.0', mask: '255.255.0.0', range }] } })
  lab.leases.applySnapshot(lab.cluster.current)
  const [pool] = lab.cluster.current.networks
  const started = cpuMs()
  for (let client = 0; client < 10_000; client += 1) {
    const name = `id-${client.toString(16)}`
    const address = lab.leases.choose(pool!, name, undefined, lab.clock.nowMs)
    lab.leases.offer(pool!, name, address!, lab.clock.nowMs)
    void lab.leases.bind(pool!, name, address!, 600, lab.clock.nowMs, '')
  }
  const perLeaseUs = ((cpuMs() - started) / 10_000) * 1000
  t.log(`${perLeaseUs.toFixed(1)} µs a lease`)
  await lab.settle()
  t.is(lab.leases.list(lab.clock.nowMs).length, 10_000)
  // A linear scan of the leases would cost hundreds of microseconds; this leaves room for a slow machine.
  t.true(perLeaseUs < 200)
})
