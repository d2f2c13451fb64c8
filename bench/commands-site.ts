/** Sites of any size for the benchmark of commands: groups of 100 nodes, values by regular expression and arithmetic. */
import { SERVER } from './wire.ts'

export const NODES_PER_GROUP = 100

export interface SizedSite {
  readonly nodes: number
  readonly groups: number
  readonly last: string
  /** Table → CSV, as tabrestore reads it. */
  readonly tables: ReadonlyMap<string, string>
}

function csv(header: string, rows: readonly (readonly string[])[]): string {
  const lines = rows.map((row) =>
    row.map((value) => (value === '' ? '' : `"${value.replaceAll('"', '""')}"`)).join(','),
  )
  return `${[`#${header}`, ...lines].join('\n')}\n`
}

function macOf(number: number): string {
  return `02:10:${[24, 16, 8, 0].map((shift) => ((number >>> shift) & 255).toString(16).padStart(2, '0')).join(':')}`
}

export function sizedSite(nodes: number): SizedSite {
  const numbers = Array.from({ length: nodes }, (_, at) => at + 1)
  const groups = Math.ceil(nodes / NODES_PER_GROUP)
  const racks = Array.from({ length: groups }, (_, at) => `rack${at + 1}`)
  const rackOf = (number: number) => `rack${Math.ceil(number / NODES_PER_GROUP)}`
  const tables = new Map([
    [
      'site',
      csv('key,value', [
        ['master', SERVER],
        ['domain', 'bench.example'],
      ]),
    ],
    [
      'nodelist',
      csv(
        'node,groups',
        numbers.map((number) => [`n${number}`, `${rackOf(number)},compute,all`]),
      ),
    ],
    [
      'mac',
      csv(
        'node,mac',
        numbers.map((number) => [`n${number}`, macOf(number)]),
      ),
    ],
    ['hosts', csv('node,ip', [['compute', String.raw`|\D+(\d+)|10.(64+$1/62500).($1/250%250).($1%250+1)|`]])],
    [
      'noderes',
      csv(
        'node,netboot,xcatmaster,tftpserver',
        racks.map((rack) => [rack, 'xnba', SERVER, String.raw`|\D+(\d+)|10.64.0.($1%250+1)|`]),
      ),
    ],
    ['nodehm', csv('node,mgt,serialport,serialspeed', [['compute', 'ipmi', '0', '115200']])],
    [
      'ipmi',
      csv(
        'node,bmc',
        racks.map((rack) => [rack, String.raw`|\D+(\d+)|10.(128+$1/62500).($1/250%250).($1%250+1)|`]),
      ),
    ],
    ['nodetype', csv('node,os,arch,profile,provmethod', [['compute', 'debian12', 'x86_64', 'compute', 'bench']])],
    ['networks', csv('netname,net,mask', [['nodes', '10.64.0.0', '255.192.0.0']])],
    [
      'osimage',
      csv('imagename,imagetype,provmethod,osname,osvers,osarch,profile', [
        ['bench', 'linux', 'statelite', 'Linux', 'debian12', 'x86_64', 'compute'],
      ]),
    ],
    ['linuximage', csv('imagename,rootimgdir', [['bench', '/nonexistent/bench']])],
    [
      'litefile',
      csv('image,file,options', [
        ['ALL', '/var/log/', 'tmpfs'],
        ['bench', '/etc/adjtime', 'link'],
        ['bench', '/var/lib/app/', 'persistent'],
      ]),
    ],
    ['litetree', csv('priority,image,directory', [['1', 'bench', `${SERVER}:/lite/$node`]])],
    ['statelite', csv('node,statemnt', [['compute', `${SERVER}:/persist/$nodetype.profile`]])],
  ])
  return { nodes, groups, last: `n${nodes}`, tables }
}
