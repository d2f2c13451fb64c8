// biome-ignore-all lint/suspicious/noTemplateCurlyInString: iPXE's own variables
/** What a node is given in each state that nodeset knows: the DHCP answer and the boot file of every dialect. */
import test from 'ava'
import { classifyFirmware } from '../../src/boot/firmware.ts'
import { chooseLoader } from '../../src/boot/loader.ts'
import type { BootFileKind } from '../../src/boot/names.ts'
import { openNodeAnswers } from '../../src/boot/node-answers.ts'
import { type FindImageFile, nodeBootFile } from '../../src/boot/node-boot-file.ts'
import { bootStateOf, renderState, STATE_WORDS } from '../../src/boot/state.ts'
import type { ClusterNode, ImageName, Ipv4 } from '../../src/cluster/model.ts'
import { buildSnapshot, exampleImage, exampleNode, type NodeSpec } from '../statelite/snapshot.ts'

const found: FindImageFile = (image, kind) =>
  kind === 'kernel.gz' ? { fault: 'none' } : { urlPath: `/image/${image.name}/0123456789abcdef/${kind}` }
/** As images of POWER machines have it. */
const foundGz: FindImageFile = (image, kind) => ({ urlPath: `/image/${image.name}/0123456789abcdef/${kind}` })

function stage(currstate: string | undefined, over: Partial<NodeSpec> = {}, litefile: [string, string, string][] = []) {
  const { attributes, ...fields } = over
  const node = {
    ...exampleNode,
    ...fields,
    attributes: { ...attributes, ...(currstate === undefined ? {} : { 'chain.currstate': currstate }) },
  }
  const snapshot = buildSnapshot({ nodes: [node], images: [exampleImage], litefile })
  return { snapshot, node: snapshot.node('cn07') as ClusterNode, image: [...snapshot.images.values()][0] }
}

const answers = openNodeAnswers({ addresses: ['10.20.0.2'], httpPort: undefined, nfs: undefined })

function fileOf(kind: BootFileKind, currstate: string, over: Partial<NodeSpec> = {}, findFile = found) {
  const { node, snapshot } = stage(currstate, over)
  return nodeBootFile(kind, node, snapshot, answers, findFile)
}

function textOf(kind: BootFileKind, currstate: string, over: Partial<NodeSpec> = {}): string {
  const file = fileOf(kind, currstate, over)
  return file.kind === 'text' ? file.text : JSON.stringify(file)
}

const LINE = 'liteboot.plan=http://10.20.0.2/node/v1/cn07/plan NODE=cn07 XCATHTTPPORT=80'

test('shell: iPXE', (t) => {
  t.is(
    textOf('ipxe', 'shell'),
    `#!ipxe
#shell
echo liteboot: cn07 boots shell with kernel and initrd of hpc9-lite
:retry
imgfree
kernel http://10.20.0.2/image/hpc9-lite/0123456789abcdef/kernel initrd=initrd liteboot.run=shell ${LINE} BOOTIF=01-\${netX/mac:hexhyp} || goto failed
initrd --name initrd http://10.20.0.2/image/hpc9-lite/0123456789abcdef/initrd || goto failed
boot || goto failed
:failed
echo liteboot: cn07 could not load shell with kernel and initrd of hpc9-lite, trying again in 10 seconds
sleep 10
chain --replace http://10.20.0.2/boot/ipxe/cn07 || goto retry
`,
  )
})

test('noderes.tftpserver is where boot file, kernel and initrd come from; the plan comes from us', (t) => {
  const there = { attributes: { 'noderes.tftpserver': '10.20.0.4' } }
  const ipxe = textOf('ipxe', 'shell', there)
  t.regex(ipxe, /^kernel http:\/\/10\.20\.0\.4\/image\/.* liteboot\.plan=http:\/\/10\.20\.0\.2\/node\//m)
  t.regex(ipxe, /^initrd --name initrd http:\/\/10\.20\.0\.4\/image\//m)
  t.regex(ipxe, /^chain --replace http:\/\/10\.20\.0\.4\/boot\/ipxe\/cn07 /m)
  const grub = textOf('grub', 'shell', there)
  t.regex(grub, /set root=tftp,10\.20\.0\.4\n/)
  t.regex(grub, /configfile \(tftp,10\.20\.0\.4\)\/boot\/grub2\/cn07/)
  // As the DHCP answer, which ignores it too; `check` names the row.
  const nobody = textOf('ipxe', 'shell', { attributes: { 'noderes.tftpserver': 'nobody' } })
  t.regex(nobody, /^kernel http:\/\/10\.20\.0\.2\/image\//m)
})

test('shell: pxelinux, petitboot (BOOTIF and console of the node), GRUB', (t) => {
  t.is(
    textOf('pxelinux', 'shell'),
    `#shell
DEFAULT xCAT
LABEL xCAT
 KERNEL image/hpc9-lite/0123456789abcdef/kernel
 APPEND initrd=image/hpc9-lite/0123456789abcdef/initrd liteboot.run=shell ${LINE}
  IPAPPEND 2
`,
  )
  const power = { arch: 'ppc64le', attributes: { 'nodehm.serialport': '0', 'nodehm.serialspeed': '115200' } }
  t.is(
    textOf('petitboot', 'shell', power),
    `#shell
default xCAT
label xCAT
	kernel http://10.20.0.2/image/hpc9-lite/0123456789abcdef/kernel
	append "liteboot.run=shell ${LINE} BOOTIF=0c:42:a1:7e:10:07 console=tty0 console=hvc0,115200"
	initrd http://10.20.0.2/image/hpc9-lite/0123456789abcdef/initrd
`,
  )
  t.is(
    textOf('grub', 'shutdown', { netboot: 'grub2-http' }),
    `#shutdown
set timeout=5
set default="xCAT OS Deployment"
set fallback=1
menuentry "xCAT OS Deployment" {
    set root=http,10.20.0.2
    echo Loading Install kernel ...
    if linux /image/hpc9-lite/0123456789abcdef/kernel liteboot.run=shutdown ${LINE} BOOTIF=$net_default_mac; then echo; else
        echo 'liteboot: not by HTTP, trying TFTP'; set root=tftp,10.20.0.2
        linux /image/hpc9-lite/0123456789abcdef/kernel liteboot.run=shutdown ${LINE} BOOTIF=$net_default_mac
    fi
    echo Loading initial ramdisk ...
    initrd /image/hpc9-lite/0123456789abcdef/initrd
}
menuentry "Ask the server again" {
    echo 'liteboot: could not load, asking again in 10 seconds'
    sleep 10
    configfile (tftp,10.20.0.2)/boot/grub2/cn07
}
`,
  )
})

test('boot and offline need neither image nor plan nor files', (t) => {
  const noFile: FindImageFile = () => ({ fault: 'nothing there' })
  for (const kind of ['ipxe', 'pxelinux', 'petitboot', 'grub'] as const) {
    t.like(fileOf(kind, 'boot', { image: 'gone' }, noFile), { kind: 'text' })
    t.deepEqual(fileOf(kind, 'offline', { image: 'gone' }, noFile), { kind: 'none' })
  }
  t.is(textOf('grub', 'boot'), '#boot\nexit\n')
})

test('a shell is given although the tables give no plan; the image is not', (t) => {
  const { node, snapshot } = stage('shell', {}, [['ALL', '/var/', 'persistent']])
  t.is(nodeBootFile('ipxe', node, snapshot, answers, found).kind, 'text')
  const booting = stage('statelite x', {}, [['ALL', '/var/', 'persistent']])
  const refused = nodeBootFile('ipxe', booting.node, booting.snapshot, answers, found)
  t.is(refused.kind, 'refused')
  t.regex(refused.kind === 'refused' ? refused.reasons.join() : '', /persistent/)
})

test('a shell without image, kernel or usable kernel arguments is refused with what to do', (t) => {
  const reasons = (over: Partial<NodeSpec>, findFile = found) => {
    const file = fileOf('ipxe', 'shell', over, findFile)
    return file.kind === 'refused' ? file.reasons : []
  }
  t.deepEqual(reasons({ image: 'gone' }), ['image gone is not defined: nodeset cn07 osimage=<image>'])
  t.deepEqual(
    reasons({}, () => ({ fault: 'run liteimg' })),
    ['run liteimg'],
  )
  t.regex(reasons({ attributes: { 'bootparams.addkcmdline': 'liteboot.run=x' } }).join(), /which the server writes/)
})

test('DHCP: address only when offline; a loader in every other state, so that it can go on or start the initrd', (t) => {
  const bios = classifyFirmware({
    architectures: [0],
    vendorClass: 'PXEClient',
    userClasses: [],
    ipxeOptions: false,
  })
  const file = (currstate: string | undefined) => {
    const { node } = stage(currstate)
    return chooseLoader(bios, node, {
      address: '10.20.0.2' as Ipv4,
      httpPort: 80,
      networkTftpserver: undefined,
      resolve: () => undefined,
      hasImage: (name: ImageName) => name === 'hpc9-lite',
    }).file
  }
  t.is(file('offline'), undefined)
  for (const state of [undefined, 'statelite rhels9.4-x86_64-compute', 'boot', 'shell', 'shutdown'])
    t.is(file(state), 'undionly.kpxe', state)
})

test('every word nodeset stores is read back as the same word', (t) => {
  for (const word of Object.keys(STATE_WORDS)) {
    const { node, image } = stage(word)
    t.is(renderState(node, image), word)
  }
  const { node, image } = stage(undefined)
  t.is(bootStateOf(node), 'image')
  t.is(renderState(node, image), 'statelite rhels9.4-x86_64-compute')
  t.is(renderState(node, undefined), undefined)
})

test('learn: the image is booted as by osimage, and stat says learn', (t) => {
  const { node, image } = stage('learn')
  t.is(bootStateOf(node), 'image')
  t.is(renderState(node, image), 'learn')
})

test('GRUB takes the compressed kernel where there is one, petitboot and iPXE never', (t) => {
  const textWithGz = (kind: BootFileKind) => {
    const file = fileOf(kind, 'shell', {}, foundGz)
    return file.kind === 'text' ? file.text : JSON.stringify(file)
  }
  t.regex(textWithGz('grub'), /^ {4}insmod gzio\n[\s\S]*^ {4}linux \/image\/hpc9-lite\/0123456789abcdef\/kernel\.gz /m)
  t.notRegex(textWithGz('petitboot'), /kernel\.gz/)
  t.notRegex(textWithGz('ipxe'), /kernel\.gz/)
})
