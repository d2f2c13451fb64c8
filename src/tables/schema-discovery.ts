/** What unknown machines said of themselves. Columns as in xCAT; lists are port!value,port!value. */
import { column, table } from './table-schema.ts'

export const DISCOVERY_TABLES = [
  table({
    name: 'discoverydata',
    description:
      'Machines that asked to be adopted, and what they said of themselves: rows are written by the server and by `liteboot adopt`. Lists are port!value,port!value.',
    key: ['uuid'],
    columns: [
      column('uuid', 'UUID of the machine; one made of its hardware address where the firmware has none of its own.'),
      column('node', 'Node that it was adopted as; unset: it waits.'),
      column('method', 'How: sequential, switch, mtms or manual. undef: not adopted.'),
      column('discoverytime', 'When it was first seen, MM-DD-YYYY HH:MM:SS: machines are adopted in this order.'),
      column('arch', 'Architecture.'),
      column('cpucount', 'Number of CPUs.'),
      column('cputype', 'Kind of CPU.'),
      column('memory', 'Memory, in MiB.'),
      column('mtm', 'Machine type and model.'),
      column('serial', 'Serial number.'),
      column('nicdriver', 'Drivers of the network ports.'),
      column('nicipv4', 'Addresses of the network ports.'),
      column('nichwaddr', 'Hardware addresses of the network ports.'),
      column('nicpci', 'Places of the network ports: PCI addresses.'),
      column('nicloc', 'Location codes of the network ports (kept, not used).'),
      column('niconboard', 'Numbers of onboard ports (kept, not used).'),
      column('nicfirm', 'Firmware names of the network ports (kept, not used).'),
      column('switchname', 'Switches that the ports are plugged into, by LLDP.'),
      column('switchaddr', 'Addresses of these switches.'),
      column('switchdesc', 'Descriptions of these switches.'),
      column('switchport', 'Ports of these switches.'),
      column('otherdata', 'More that the machine said, as JSON: boot port, links, vendor, disks.'),
    ],
  }),
]
