// biome-ignore-all lint/suspicious/noTemplateCurlyInString: iPXE's own variables
import test from 'ava'
import { grubProtocol } from '../../src/boot/grub.ts'
import { renderIpxeRefusal, renderIpxeUnknown } from '../../src/boot/ipxe.ts'
import type { BootFileKind } from '../../src/boot/names.ts'
import { type BootFileFacts, renderBootFile, renderNoImage, renderRefusal } from '../../src/boot/render.ts'
import { bootStateOf } from '../../src/boot/state.ts'
import type { ClusterNode, Image } from '../../src/cluster/model.ts'
import { buildSnapshot, exampleImage, exampleNode, type NodeSpec } from '../statelite/snapshot.ts'

function factsOf(over: Partial<BootFileFacts> = {}, node: Partial<NodeSpec> = {}): BootFileFacts {
  const snapshot = buildSnapshot({ nodes: [{ ...exampleNode, ...node }], images: [exampleImage] })
  return {
    node: snapshot.node('cn07') as ClusterNode,
    image: [...snapshot.images.values()][0] as Image,
    line: { commandLine: 'root=nfs:10.20.0.2:/i/rootimg:ro NODE=cn07', hasBootif: false },
    files: {
      kernelUrl: 'http://10.20.0.2:8080/image/hpc9-lite/0123/kernel',
      initrdUrl: 'http://10.20.0.2:8080/image/hpc9-lite/4567/initrd',
    },
    serverIp: '10.20.0.2',
    httpPort: 8080,
    ...over,
  }
}
const withBootif = { line: { commandLine: 'NODE=cn07 BOOTIF=0c:42:a1:7e:10:07', hasBootif: true } }

test('iPXE script', (t) => {
  t.is(
    renderBootFile('ipxe', factsOf()),
    `#!ipxe
#statelite rhels9.4-x86_64-compute
echo liteboot: cn07 boots hpc9-lite
:retry
imgfree
kernel http://10.20.0.2:8080/image/hpc9-lite/0123/kernel initrd=initrd root=nfs:10.20.0.2:/i/rootimg:ro NODE=cn07 BOOTIF=01-\${netX/mac:hexhyp} || goto failed
initrd --name initrd http://10.20.0.2:8080/image/hpc9-lite/4567/initrd || goto failed
boot || goto failed
:failed
echo liteboot: cn07 could not load hpc9-lite, trying again in 10 seconds
sleep 10
chain --replace http://10.20.0.2:8080/boot/ipxe/cn07 || goto retry
`,
  )
})

test('pxelinux.cfg: paths below the TFTP root', (t) => {
  t.is(
    renderBootFile('pxelinux', factsOf()),
    `#statelite rhels9.4-x86_64-compute
DEFAULT xCAT
LABEL xCAT
 KERNEL image/hpc9-lite/0123/kernel
 APPEND initrd=image/hpc9-lite/4567/initrd root=nfs:10.20.0.2:/i/rootimg:ro NODE=cn07
  IPAPPEND 2
`,
  )
})

test('petitboot: absolute URLs with their port, the command line quoted, one tab', (t) => {
  t.is(
    renderBootFile('petitboot', factsOf(withBootif)),
    `#statelite rhels9.4-x86_64-compute
default xCAT
label xCAT
	kernel http://10.20.0.2:8080/image/hpc9-lite/0123/kernel
	append "NODE=cn07 BOOTIF=0c:42:a1:7e:10:07"
	initrd http://10.20.0.2:8080/image/hpc9-lite/4567/initrd
`,
  )
})

test('grub.cfg over HTTP', (t) => {
  t.is(
    renderBootFile('grub', factsOf({}, { netboot: 'grub2-http' })),
    `#statelite rhels9.4-x86_64-compute
set timeout=5
set default="xCAT OS Deployment"
set fallback=1
menuentry "xCAT OS Deployment" {
    set root=http,10.20.0.2:8080
    echo Loading Install kernel ...
    if linux /image/hpc9-lite/0123/kernel root=nfs:10.20.0.2:/i/rootimg:ro NODE=cn07 BOOTIF=$net_default_mac; then echo; else
        echo 'liteboot: not by HTTP, trying TFTP'; set root=tftp,10.20.0.2
        linux /image/hpc9-lite/0123/kernel root=nfs:10.20.0.2:/i/rootimg:ro NODE=cn07 BOOTIF=$net_default_mac
    fi
    echo Loading initial ramdisk ...
    initrd /image/hpc9-lite/4567/initrd
}
menuentry "Ask the server again" {
    echo 'liteboot: could not load, asking again in 10 seconds'
    sleep 10
    configfile (tftp,10.20.0.2)/boot/grub2/cn07
}
`,
  )
})

test('grub.cfg: port 80 is not written, plain grub2 and grub2-tftp use TFTP', (t) => {
  const root = (netboot: string, httpPort: number) =>
    /set root=(.*)/.exec(renderBootFile('grub', factsOf({ httpPort }, { netboot })))?.[1]
  t.is(root('grub2-http', 80), 'http,10.20.0.2')
  t.is(root('grub2', 8080), 'tftp,10.20.0.2')
  t.is(root('grub2-tftp', 80), 'tftp,10.20.0.2')
  t.is(grubProtocol('grub2-nfs'), undefined)
})

test("arguments with GRUB's own characters, and those that are its words, are in quotes", (t) => {
  const line = { commandLine: 'memmap=64G$4G a=b;c x=#y z={w} p=\\q time quiet', hasBootif: true }
  const expected = "'memmap=64G$4G' 'a=b;c' 'x=#y' 'z={w}' 'p=\\q' 'time' quiet\n"
  t.true(renderBootFile('grub', factsOf({ line })).includes(expected))
})

for (const [kind, words] of [
  ['ipxe', 'netX'],
  ['pxelinux', 'IPAPPEND'],
  ['grub', 'net_default_mac'],
] as [BootFileKind, string][]) {
  test(`${kind}: no second BOOTIF when the tables gave one`, (t) => {
    t.true(renderBootFile(kind, factsOf()).includes(words))
    t.false(renderBootFile(kind, factsOf(withBootif)).includes(words))
  })
}

test('states: image, boot from the next device, offline', (t) => {
  const state = (currstate: string | undefined, image: string | undefined) =>
    bootStateOf(
      factsOf(
        {},
        { image: image as string, attributes: currstate === undefined ? {} : { 'chain.currstate': currstate } },
      ).node,
    )
  t.is(state(undefined, 'hpc9-lite'), 'image')
  t.is(state('statelite rhels9.4-x86_64-compute', 'hpc9-lite'), 'image')
  t.is(state('boot', 'hpc9-lite'), 'disk')
  t.is(state('offline', 'hpc9-lite'), 'none')
  t.is(state(undefined, undefined), 'disk')
})

test('a node that is not to boot an image goes on with its next device', (t) => {
  const { node } = factsOf({}, { attributes: { 'chain.currstate': 'boot' } })
  t.is(renderNoImage('ipxe', node), '#!ipxe\n#boot\necho liteboot: cn07 boots from its next device\nexit\n')
  t.is(renderNoImage('pxelinux', node), '#boot\nDEFAULT xCAT\nLABEL xCAT\n LOCALBOOT 0\n')
  t.is(renderNoImage('petitboot', node), '#boot\n')
  t.is(renderNoImage('grub', node), '#boot\nexit\n')
})

test('an offline node has no boot file', (t) => {
  const { node } = factsOf({}, { attributes: { 'chain.currstate': 'offline' } })
  for (const kind of ['ipxe', 'pxelinux', 'petitboot', 'grub'] as const) t.is(renderNoImage(kind, node), undefined)
})

test('an unknown machine is told so on its console and goes on', (t) => {
  const text = renderIpxeUnknown('10.20.0.99')
  t.true(text.startsWith('#!ipxe\n'))
  t.true(text.includes('no node is defined for ${netX/mac} (address 10.20.0.99)'))
  t.true(text.endsWith('sleep 5\nexit\n'))
})

test('a node whose rows are wrong is told why, and asks again', (t) => {
  t.is(
    renderIpxeRefusal(
      'cn07',
      ['litefile row image=ALL,file=/etc/x: no || goto; ${x}'],
      'http://10.20.0.2/boot/ipxe/cn07',
    ),
    `#!ipxe
echo liteboot: cn07 cannot boot:
echo * litefile row image=ALL,file=/etc/x: no ?? goto? ?{x}
:again
echo Asking again in 30 seconds.
sleep 30
chain --replace http://10.20.0.2/boot/ipxe/cn07 || goto again
`,
  )
})

test('a refusal is one line per reason in every dialect, whatever the reason holds', (t) => {
  const { node } = factsOf()
  for (const kind of ['ipxe', 'pxelinux', 'petitboot', 'grub'] as const) {
    const plain = renderRefusal(kind, node, ['x'], 'http://s/u').split('\n').length
    const nasty = renderRefusal(kind, node, ["a\nb\r'c\u0000"], 'http://s/u')
    t.is(nasty.split('\n').length, plain, kind)
    t.false(nasty.includes('\r') || nasty.includes('\u0000'), kind)
    t.true(nasty.includes('a?b?'), kind)
  }
})
