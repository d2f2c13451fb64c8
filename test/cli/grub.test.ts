/** grub ls and make: which modules are found, which are refused. Building itself needs grub-mkimage: test-net/grub.test.ts. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'ava'
import { encodeNetworkDriver, encodeProgram } from '../image/grub-module.ts'
import { newSite, runCommand, type Site, transcript } from './transcript.ts'

const SOUND = encodeNetworkDriver({ mallocs: 3, isPatched: true })
const BROKEN = encodeNetworkDriver({ mallocs: 2, isPatched: true })

function put(site: Site, path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(site.directory, path)), { recursive: true })
  writeFileSync(join(site.directory, path), content)
}

function putModules(site: Site, directory: string, driver: Buffer): void {
  for (const name of ['kernel.img', 'moddep.lst', 'modinfo.sh']) put(site, `${directory}/${name}`, '')
  put(site, `${directory}/ofnet.mod`, driver)
}

async function powerSite(t: Parameters<typeof newSite>[0]): Promise<Site> {
  const site = newSite(t)
  const words = `mkdef -t osimage -o p imagetype=linux provmethod=statelite osvers=debian12 osarch=ppc64le profile=compute rootimgdir=${site.directory}/p pkgdir=${site.directory}/media`
  await runCommand(site, words.split(' '))
  await runCommand(site, ['chdef', '-t', 'site', `tftpdir=${site.directory}/tftpboot`])
  return site
}

test('without modules: says where they come from', async (t) => {
  await transcript(
    t,
    await powerSite(t),
    `
$ liteboot grub ls
There are neither a program nor modules for powerpc-ieee1275.
$ liteboot grub make
! Error: no image, medium or package of this machine has GRUB's modules for powerpc-ieee1275
!        Take modules of an older or a mended release: liteboot grub make --from DIRECTORY|PACKAGE, from media of RHEL or SLES, or from a build of your own. [LB_FILE]
[1]
`,
  )
})

test('modules that find no card are refused, in an image as anywhere; good ones of the media are taken', async (t) => {
  const site = await powerSite(t)
  putModules(site, 'p/rootimg/usr/lib/grub/powerpc-ieee1275', BROKEN)
  put(site, 'tftpboot/boot/grub2/grub2.ppc', encodeProgram([BROKEN]))
  await transcript(
    t,
    site,
    `
$ liteboot grub ls
program  @/tftpboot/boot/grub2/grub2.ppc: finds no network card
modules  @/p/rootimg/usr/lib/grub/powerpc-ieee1275 (image p): finds no network card
$ liteboot grub make
! Error: @/p/rootimg/usr/lib/grub/powerpc-ieee1275: their network driver finds no card (a security patch of 2025 broke it; coreos/fedora-coreos-tracker 1886)
!        Take modules of an older or a mended release: liteboot grub make --from DIRECTORY|PACKAGE, from media of RHEL or SLES, or from a build of your own. [LB_IMAGE]
[1]
$ liteboot grub make --force --dry-run
Would make @/tftpboot/boot/grub2/grub2.ppc from @/p/rootimg/usr/lib/grub/powerpc-ieee1275 (image p).
`,
  )
  putModules(site, 'media/boot/grub/powerpc-ieee1275', SOUND)
  await transcript(
    t,
    site,
    `
$ liteboot grub make --dry-run
Would make @/tftpboot/boot/grub2/grub2.ppc from @/media/boot/grub/powerpc-ieee1275 (pkgdir of p).
$ liteboot grub make --from @/tftpboot
! Error: @/tftpboot has none of GRUB's modules for powerpc-ieee1275
!        Take modules of an older or a mended release: liteboot grub make --from DIRECTORY|PACKAGE, from media of RHEL or SLES, or from a build of your own. [LB_FILE]
[1]
`,
  )
})

test('for UEFI of another architecture the modules come from an image: no package of this machine has them', async (t) => {
  const [arch, platform, debian] =
    process.arch === 'arm64' ? ['x86_64', 'x86_64-efi', 'amd64'] : ['aarch64', 'arm64-efi', 'arm64']
  const site = newSite(t)
  await transcript(
    t,
    site,
    `
$ liteboot grub make --arch ${arch} --from @/nothing
! Error: @/nothing has none of GRUB's modules for ${platform}
!        install grub-efi-${debian}-bin in an image with osarch=${arch}, or liteboot grub make --arch ${arch} --from DIRECTORY [LB_FILE]
[1]
`,
  )
  const words = `mkdef -t osimage -o other imagetype=linux provmethod=statelite osvers=debian12 osarch=${arch} profile=compute rootimgdir=${site.directory}/other`
  await runCommand(site, words.split(' '))
  await runCommand(site, ['chdef', '-t', 'site', `tftpdir=${site.directory}/tftpboot`])
  for (const name of ['kernel.img', 'moddep.lst', 'efinet.mod', 'modinfo.sh'])
    put(site, `other/rootimg/usr/lib/grub/${platform}/${name}`, '')
  await transcript(
    t,
    site,
    `
$ liteboot grub make --arch ${arch} --dry-run
Would make @/tftpboot/boot/grub2/grub2.${arch} from @/other/rootimg/usr/lib/grub/${platform}.
`,
  )
})
