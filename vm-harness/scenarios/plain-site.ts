/** The tables of a site with one x86_64 node and one image on an NFS root, for rehearsals that bring their own rows. */
import { SERVER } from '../demo/site.ts'
import type { Rehearsal } from '../rehearsal.ts'

export const NODE = { name: 'n1', mac: '52:54:00:77:00:01', ip: '10.77.0.11' } as const

/** @param attributes of the image, besides */
export async function fillPlainTables(
  rehearsal: Rehearsal,
  image: string,
  rootimgdir: string,
  ...attributes: readonly string[]
): Promise<void> {
  const installdir = `installdir=${rehearsal.directory}/install`
  await rehearsal.command('chdef', '-t', 'site', `master=${SERVER}`, 'domain=demo.cluster', installdir)
  await rehearsal.command(
    ...['mkdef', '-t', 'network', '-o', 'demo', 'net=10.77.0.0', 'mask=255.255.0.0', `tftpserver=${SERVER}`],
  )
  await rehearsal.command(
    ...['mkdef', '-t', 'osimage', '-o', image, 'imagetype=linux', 'provmethod=statelite', 'osname=Linux'],
    ...['osvers=debian12', 'osarch=x86_64', 'profile=compute', 'rootfstype=nfs', `rootimgdir=${rootimgdir}`],
    ...attributes,
  )
  await rehearsal.command('mkdef', NODE.name, 'groups=compute,all', `mac=${NODE.mac}`, `ip=${NODE.ip}`)
  await rehearsal.command(
    ...['chdef', '-t', 'group', 'compute', 'arch=x86_64', 'netboot=xnba', 'serialport=0', 'serialspeed=115200'],
  )
}
