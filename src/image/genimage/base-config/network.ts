/** Network files of the image. The boot interface is never restarted: that would cut the node off its root. */
import type { OsFamily } from '../os-tools.ts'
import type { TreeFiles } from '../tree-files.ts'

export interface NetworkRequest {
  readonly family: OsFamily
  readonly bootInterface: string | undefined
  readonly otherInterfaces: readonly string[]
}

export async function configureNetwork(tree: TreeFiles, request: NetworkRequest): Promise<void> {
  for (const [rel, text] of networkFiles(request, await tree.exists('etc/network'))) await tree.write(rel, text)
}

/** @param hasIfupdown Debian: other network software is configured in other ways, and not here */
export function networkFiles(
  { family, bootInterface, otherInterfaces }: NetworkRequest,
  hasIfupdown: boolean,
): [string, string][] {
  const interfaces = [
    ...(bootInterface === undefined ? [] : [{ name: bootInterface, onBoot: 'no' }]),
    ...otherInterfaces.filter((name) => name !== bootInterface).map((name) => ({ name, onBoot: 'yes' })),
  ]
  switch (family) {
    case 'el':
    case 'fedora':
      return [
        ['etc/sysconfig/network', 'NETWORKING=yes\n'],
        ...interfaces.map(({ name, onBoot }): [string, string] => [
          `etc/sysconfig/network-scripts/ifcfg-${name}`,
          `ONBOOT=${onBoot}\nBOOTPROTO=dhcp\nDEVICE=${name}\n`,
        ]),
      ]
    case 'suse':
      return interfaces.map(({ name, onBoot }): [string, string] => [
        `etc/sysconfig/network/ifcfg-${name}`,
        `ONBOOT=${onBoot}\nBOOTPROTO=dhcp\nDEVICE=${name}\nSTARTMODE=auto\n`,
      ])
    case 'debian':
    case 'ubuntu': {
      if (interfaces.length === 0 || !hasIfupdown) return []
      const stanzas = interfaces.map(({ name, onBoot }) =>
        // ifupdown would take the boot interface down and up again; the initrd has configured it.
        onBoot === 'no' ? `iface ${name} inet manual\n` : `auto ${name}\niface ${name} inet dhcp\n`,
      )
      return [['etc/network/interfaces', `auto lo\niface lo inet loopback\n\n${stanzas.join('\n')}`]]
    }
  }
}
