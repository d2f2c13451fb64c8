/** The kernel's table of neighbours. */
import test from 'ava'
import { parseNeighbours } from '../../src/server/neighbours.ts'

test('machines that answered, and nobody who was only asked for', (t) => {
  const table = [
    'IP address       HW type     Flags       HW address            Mask     Device',
    '10.77.0.9        0x1         0x2         52:54:00:77:00:0B     *        eth0',
    '10.77.0.10       0x1         0x0         00:00:00:00:00:00     *        eth0',
    '10.77.0.11       0x1         0x6         52:54:00:77:00:0c     *        eth1',
    '',
  ].join('\n')
  const expected = [
    ['10.77.0.9', '52:54:00:77:00:0b'],
    ['10.77.0.11', '52:54:00:77:00:0c'],
  ]
  t.deepEqual([...parseNeighbours(table)], expected as [string, string][])
  t.deepEqual([...parseNeighbours('')], [])
})
