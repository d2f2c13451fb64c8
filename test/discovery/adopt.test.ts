import test from 'ava'
import { type Candidate, isSamePort, matchMachines } from '../../src/discovery/adopt.ts'
import { type DiscoveredMachine, machineOf } from '../../src/discovery/machine.ts'

function machine(number: number, over: Partial<DiscoveredMachine> = {}, switchName = '', port = ''): DiscoveredMachine {
  const base = machineOf({
    uuid: `u${number}`,
    serial: `S${number}`,
    mtm: 'Box',
    nichwaddr: `eth0!02:00:00:00:00:0${number}`,
  })
  const ports = base.ports.map((each) => ({ ...each, switchName, switchPort: port, switchAddress: '10.0.0.9' }))
  return { ...base, bootMac: `02:00:00:00:00:0${number}`, ports, ...over }
}

function node(name: string, over: Partial<Candidate> = {}): Candidate {
  return { name, macs: [], serial: '', mtm: '', switchPorts: [], ...over }
}

const matched = (...args: Parameters<typeof matchMachines>) => {
  const { pairs, left } = matchMachines(...args)
  return {
    pairs: pairs.map(({ node: name, machine: { uuid } }) => `${name}=${uuid}`),
    left: left.map(({ node: name, why }) => `${name}: ${why}`),
  }
}
const noAddresses = () => []

test('by order: the first machine is the first node that has no address; nobody is left out in silence', (t) => {
  const nodes = [node('n1'), node('n2', { macs: ['02:00:00:00:00:99'] }), node('n3'), node('n4')]
  t.deepEqual(matched('order', nodes, [machine(1), machine(2)], noAddresses), {
    pairs: ['n1=u1', 'n3=u2'],
    left: ['n2: has 02:00:00:00:00:99 already', 'n4: no more machines wait'],
  })
})

test('by serial: and by model where the node has one; two of one serial are nobody', (t) => {
  const nodes = [
    node('n1', { serial: 's2' }),
    node('n2', { serial: 'S1', mtm: 'Other' }),
    node('n3'),
    node('n4', { serial: 'S9' }),
  ]
  t.deepEqual(
    matched(
      'serial',
      nodes,
      [machine(1), machine(2), machine(3, { serial: 'S9' }), machine(4, { serial: 'S9' })],
      noAddresses,
    ),
    {
      pairs: ['n1=u2'],
      left: [
        'n2: no machine waits with serial S1 and model Other',
        'n3: its serial number is not known (vpd.serial)',
        'n4: 2 machines wait with serial S9: adopt them with --mac',
      ],
    },
  )
})

test('by switch: long and short names, addresses, numbers of ports', (t) => {
  const machines = [
    machine(1, {}, 'sw1.example.org', 'Ethernet1/7'),
    machine(2, {}, 'sw2', 'swp7'),
    machine(3, {}, 'other', '3'),
  ]
  const on = (name: string, switchName: string, port: string) => node(name, { switchPorts: [{ switchName, port }] })
  t.deepEqual(
    matched(
      'switch',
      [on('n1', 'SW1', '7'), on('n2', 'sw2', 'swp7'), on('n3', 'core', '3'), on('n4', 'sw2', '17'), node('n5')],
      machines.map((each) =>
        each.uuid === 'u3' ? each : { ...each, ports: each.ports.map((port) => ({ ...port, switchAddress: '' })) },
      ),
      (name) => (name === 'core' ? ['10.0.0.9'] : []),
    ),
    {
      pairs: ['n1=u1', 'n2=u2', 'n3=u3'],
      left: ['n4: no machine waits with switch port sw2/17', 'n5: its switch port is not known (table switch)'],
    },
  )
})

test('a machine that fits two nodes is neither', (t) => {
  const nodes = [node('n1', { serial: 'S1' }), node('n2', { serial: 'S1' })]
  const { pairs, left } = matched('serial', nodes, [machine(1)], noAddresses)
  t.deepEqual(pairs, [])
  t.is(left[0], 'n1: 02:00:00:00:00:01 would be n1 and n2')
})

test('ports: a number is the last number of a name, and only the whole of it', (t) => {
  for (const [wanted, said, same] of [
    ['7', 'Ethernet1/7', true],
    ['07', 'swp7', true],
    ['7', 'swp07', true],
    ['7', 'Ethernet17', false],
    ['1', 'Ethernet1/7', false],
    ['Eth1/7', 'eth1/7', true],
    ['Eth7', 'Ethernet7', false],
    ['', '', false],
  ] as const)
    t.is(isSamePort(wanted, said), same, `${wanted} ${said}`)
})
