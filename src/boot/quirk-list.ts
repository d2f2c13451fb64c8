/** The quirks themselves; docs/reference/quirks.md is made from this list. */
import type { Quirk } from './quirks.ts'

export const QUIRKS: readonly Quirk[] = [
  {
    id: 'boot-file-without-end',
    firmware: 'PXE ROMs and UEFI of about 2000 to 2015 (Intel UNDI, Kontron, Lenovo T460, Gigabyte Z77)',
    symptom: 'Option 67 is read up to a NUL that is not there: the next byte, 0xff, becomes part of the file name.',
    remedy: 'Option 67 ends in a NUL for PXE firmware.',
    citations: [
      'https://github.com/netbootxyz/netboot.xyz/issues/1198',
      'https://github.com/garybowers/bootimus/pull/117',
    ],
    effect: { kind: 'answer', match: ['bios-pxe', 'uefi-pxe'], change: { terminateBootFile: true } },
  },
  {
    id: 'stray-bytes-in-request',
    firmware: 'the same, with another DHCP server in front',
    symptom: 'The TFTP request names a file that ends in 0xff, or is padded behind its last option.',
    remedy: 'Bytes 0xff at the end of a name and padding are left out.',
    citations: ['https://github.com/netbootxyz/netboot.xyz/issues/1198', 'Beowulf mailing list, January 2003'],
    effect: {
      kind: 'always',
      file: 'src/tftp/packet.ts',
      test: [
        'test/tftp/packet.test.ts',
        'quirk: 0xff behind the file name and padding behind the request carry no meaning',
      ],
    },
  },
  {
    id: 'http-client-echo',
    firmware: 'UEFI HTTP boot (EDK2 and what is made from it)',
    symptom: 'An offer without option 60 `HTTPClient` is ignored for ever; the URL is not asked for.',
    remedy: 'Option 60 `HTTPClient` is sent back, and options 66 and 67 always.',
    citations: ['UEFI specification, chapter HTTP Boot', 'https://github.com/xcat2/xcat-core/issues/7743'],
    effect: {
      kind: 'answer',
      match: ['uefi-http'],
      change: { vendorClass: 'HTTPClient', forceBootFile: true },
    },
  },
  {
    id: 'lone-vendor-class',
    firmware: 'UEFI PXE (EDK2)',
    symptom:
      'Option 60 `PXEClient` without option 43 makes the offer one of a BINL server: the boot file is not loaded, port 4011 is asked instead.',
    remedy: 'Where liteboot gives the address, options 43 and 60 `PXEClient` are never sent.',
    citations: ['https://github.com/FOGProject/fog-docs/pull/188', 'EDK2 NetworkPkg/UefiPxeBcDxe/PxeBcDhcp4.c'],
    effect: {
      kind: 'always',
      file: 'src/dhcp/reply.ts',
      test: ['test/boot/quirks.test.ts', 'options 43 and 60 PXEClient are not sent where the address is ours'],
    },
  },
  {
    id: 'proxy-discovery',
    firmware: 'PXE ROMs of BIOS machines, beside a site DHCP server',
    symptom: 'A proxy offer makes them look for boot servers, or show a menu, before they load anything.',
    remedy: 'Option 43 with discovery control 8 in proxy offers: take the file of this offer.',
    citations: [
      'https://ibm.com/support/knowledgecenter/ssw_aix_71/com.ibm.aix.networkcomm/tcpip_dhcpv6_pxevendor.htm',
      'https://github.com/tianocore/edk2/issues/8149',
    ],
    effect: { kind: 'answer', match: ['bios-pxe'], change: { proxyTakesOffer: true } },
  },
  {
    id: 'proxy-port-4011',
    firmware: 'UEFI PXE, beside a site DHCP server',
    symptom:
      'Some ignore a proxy offer that has discovery control; all of them ask port 4011 when there is no option 43.',
    remedy: 'No option 43 for UEFI in proxy offers, and port 4011 answers with the boot file.',
    citations: ['https://github.com/tianocore/edk2/issues/8149', 'https://github.com/danderson/netboot/issues/43'],
    effect: {
      kind: 'always',
      file: 'src/dhcp/proxy.ts',
      test: ['test/dhcp/proxy.test.ts', 'UEFI PXE: an offer without option 43, and the boot file at port 4011'],
    },
  },
  {
    id: 'proxy-wait',
    firmware: 'iPXE',
    symptom: 'Waits two to three seconds for proxy offers at every boot.',
    remedy: 'Option 175.176 = 1 where liteboot gives the address.',
    citations: ['https://ipxe.org/howto/dhcpd', 'golden packets: iPXE'],
    effect: { kind: 'answer', match: ['ipxe'], change: { noProxyDhcp: true } },
  },
  {
    id: 'bare-user-class',
    firmware: 'iPXE, xNBA',
    symptom: 'Option 77 is the bare text, where RFC 3004 wants a length before it.',
    remedy: 'Both forms are read.',
    citations: ['https://github.com/insomniacslk/dhcp/issues/113', 'golden packets: iPXE'],
    effect: {
      kind: 'always',
      file: 'src/dhcp/options.ts',
      test: ['test/dhcp/options.test.ts', 'iPXE’s quirk: the bare text iPXE in option 77'],
    },
  },
  {
    id: 'says-little',
    firmware: 'SLOF and PowerVM (Open Firmware)',
    symptom: 'The DISCOVER names no architecture, there is no parameter list, and the loader is wanted all the same.',
    remedy: 'The tables decide (noderes.netboot, nodetype.arch); options 66 and 67 are sent unasked.',
    citations: ['golden packets: SLOF'],
    effect: { kind: 'answer', match: ['open-firmware'], change: { forceBootFile: true } },
  },
  {
    id: 'unasked-configuration',
    firmware: 'petitboot',
    symptom: 'Needs option 209, and does not ask for it in the form most servers look for.',
    remedy: 'Options 209 and 210 are always sent to it, as URLs: everything it then loads comes by HTTP.',
    citations: ['https://github.com/open-power/petitboot/issues/100', 'golden packets: petitboot'],
    effect: {
      kind: 'always',
      file: 'src/boot/loader.ts',
      test: ['test/dhcp/golden.test.ts', 'petitboot gets option 209 although it does not ask for 67'],
    },
  },
  {
    id: 'boot-file-is-a-kernel',
    firmware: 'petitboot',
    symptom:
      'A boot file beside option 209 becomes an entry of the menu, as a kernel to be fetched by TFTP from the next server, whatever it is.',
    remedy: 'Petitboot is sent no boot file, in the header field neither.',
    citations: ['https://github.com/open-power/petitboot/blob/master/utils/pb-udhcpc'],
    effect: {
      kind: 'always',
      file: 'src/boot/loader.ts',
      test: [
        'test/boot/loader.test.ts',
        'petitboot: option 209; a boot file would be an entry of its menu that cannot boot',
      ],
    },
  },
  {
    id: 'initrd-among-arguments',
    firmware: 'petitboot',
    symptom: 'An `initrd=` anywhere in `append` takes the place of an `initrd` line above it.',
    remedy: 'The `initrd` line is the last one.',
    citations: ['https://github.com/open-power/petitboot/blob/master/discover/pxe-parser.c'],
    effect: {
      kind: 'always',
      file: 'src/boot/petitboot.ts',
      test: ['test/vm-harness/petitboot.test.ts', 'what is written for a node is what petitboot reads'],
    },
  },
  {
    id: 'words-of-its-own',
    firmware: 'petitboot',
    symptom:
      'Of a grub.cfg on a disk it takes nothing at all when `in`, `for`, `if`, `do`, `time` … stand in it without quotes, and it does not know the backslash.',
    remedy: 'Texts and arguments that GRUB would take either way are in quotes.',
    citations: ['https://github.com/open-power/petitboot/tree/master/discover/grub2'],
    effect: {
      kind: 'always',
      file: 'src/boot/grub.ts',
      test: [
        'test/boot/petitboot-grub2.test.ts',
        'one bare word of its own is enough for petitboot to refuse a whole file',
      ],
    },
  },
  {
    id: 'default-first',
    firmware: 'petitboot',
    symptom:
      'An entry boots by itself only when `default` stands before its label; an `append` that begins with # is lost.',
    remedy: 'The configuration begins with `default`, and the command line with its root.',
    citations: ['https://github.com/open-power/petitboot/blob/master/discover/pxe-parser.c'],
    effect: {
      kind: 'always',
      file: 'src/boot/petitboot.ts',
      test: [
        'test/vm-harness/petitboot.test.ts',
        'without a default before its label nothing boots by itself; without a kernel there is no entry',
      ],
    },
  },
  {
    id: 'missing-guid',
    firmware: 'Intel network cards of several board vendors (Supermicro)',
    symptom: 'Option 97 (machine identifier) is missing, although the PXE specification demands it.',
    remedy: 'Machines are known by their hardware address; 97 is sent back when it came, and never needed.',
    citations: ['https://github.com/danderson/pixiecore/issues/21'],
    effect: {
      kind: 'always',
      file: 'src/dhcp/identity.ts',
      test: ['test/boot/quirks.test.ts', 'a PXE request without option 97 is answered, and none is made up'],
    },
  },
  {
    id: 'swapped-architectures',
    firmware: 'x86_64 UEFI',
    symptom: 'Option 93 is 7 with most vendors and 9 with some: RFC 4578 had them the wrong way round.',
    remedy: 'Both are x86_64 UEFI.',
    citations: ['https://www.rfc-editor.org/errata/rfc4578', 'https://github.com/danderson/netboot/pull/101'],
    effect: {
      kind: 'always',
      file: 'src/boot/firmware.ts',
      test: ['test/boot/loader.test.ts', 'RFC 4578 §2.1 and the registry of architecture types'],
    },
  },
  {
    id: 'header-fields-only',
    firmware: 'old BIOS ROMs, U-Boot, GRUB; shim wants siaddr',
    symptom: 'Options 66 and 67 are not read: the boot file stands in the header field `file`, its server in `siaddr`.',
    remedy: 'Both header fields are filled as well, and the server is an address, never a name.',
    citations: [
      'https://github.com/siderolabs/booter/pull/12',
      'https://github.com/rhboot/shim/issues/111',
      'golden packets: GRUB',
    ],
    effect: {
      kind: 'always',
      file: 'src/dhcp/reply.ts',
      test: ['test/dhcp/golden.test.ts', 'GRUB without a parameter list gets the header fields'],
    },
  },
  {
    id: 'short-replies',
    firmware: 'relays (OpenBSD dhcrelay in OPNsense and others) and BOOTP clients',
    symptom: 'A message shorter than 300 bytes is dropped.',
    remedy: 'Every reply has at least 300 bytes.',
    citations: ['RFC 1542 §2.1', 'https://github.com/opnsense/core/issues/7744'],
    effect: {
      kind: 'always',
      file: 'src/dhcp/packet.ts',
      test: ['test/dhcp/packet.test.ts', 'RFC 951 §3: a reply is never shorter than 300 bytes'],
    },
  },
  {
    id: 'message-size-too-large',
    firmware: 'UEFI PXE (EDK2)',
    symptom: 'Option 57 says 65280, but fragments do not arrive.',
    remedy: 'A reply never exceeds one Ethernet frame.',
    citations: ['golden packets: OVMF'],
    effect: {
      kind: 'always',
      file: 'src/dhcp/limits.ts',
      test: [
        'test/dhcp/decide.test.ts',
        'RFC 2132 §9.10: the reply keeps to option 57 less the headers, never over one Ethernet frame',
      ],
    },
  },
  {
    id: 'relayed-broadcast-flag',
    firmware: 'relays (Juniper and others) in front of UEFI',
    symptom:
      'The client sets the broadcast flag: a reply without it is unicast by the relay and lost, and one that is broadcast by the server never gets to the relay.',
    remedy: 'A relayed reply goes to the relay and carries the flag of its request; a NAK always has it.',
    citations: [
      'RFC 2131 §4.1',
      'https://github.com/pyke369/pdhcp/issues/3',
      'https://github.com/krolaw/dhcp4/issues/35',
    ],
    effect: {
      kind: 'always',
      file: 'src/dhcp/destination.ts',
      test: ['test/boot/quirks.test.ts', 'a relayed reply goes to the relay and keeps the broadcast flag'],
    },
  },
  {
    id: 'slashes',
    firmware: 'shim, GRUB, U-Boot, xCAT boot files',
    symptom: 'Names with `//`, with backslashes, with and without a leading slash mean the same file.',
    remedy: 'All forms find it, by TFTP and by HTTP.',
    citations: ['https://github.com/rhboot/shim/issues/300', 'https://github.com/rhboot/shim/issues/524'],
    effect: {
      kind: 'always',
      file: 'src/tftp/names.ts',
      test: [
        'test/tftp/names.test.ts',
        'leading slash, doubled slashes, backslashes and the tftpdir prefix make no difference',
      ],
    },
  },
  {
    id: 'block-size',
    firmware: 'UEFI (OVMF), iPXE, PXE ROMs',
    symptom: 'Blocks that do not fit one frame are asked for, and their fragments are lost.',
    remedy: 'The granted block fits the MTU of the interface, and is never larger than what was asked for.',
    citations: ['RFC 2348', 'https://github.com/crowbar/crowbar-core/pull/1078'],
    effect: {
      kind: 'always',
      file: 'src/tftp/options.ts',
      test: [
        'test/tftp/options.test.ts',
        'RFC 2348: the answer is never more than was asked, and fits the MTU unless fragments are allowed',
      ],
    },
  },
  {
    id: 'unasked-options',
    firmware: 'Raspberry Pi and other small TFTP clients; shim asks for 512-byte blocks',
    symptom: 'An acknowledged TFTP option that was not asked for ends the transfer.',
    remedy: 'Only what was asked for is acknowledged.',
    citations: ['RFC 2347', 'https://github.com/pypxe/PyPXE/pull/170', 'https://github.com/rhboot/shim/issues/618'],
    effect: {
      kind: 'always',
      file: 'src/tftp/options.ts',
      test: ['test/tftp/options.test.ts', 'any options at all: no answer exceeds its request'],
    },
  },
  {
    id: 'size-first',
    firmware: 'UEFI (EDK2) and PXE ROMs',
    symptom: 'They ask for a file, take its size from the answer and end the transfer with error 8 or 0.',
    remedy: 'That is no failure, in the timeline neither.',
    citations: ['https://github.com/pin/tftp/issues/125'],
    effect: {
      kind: 'always',
      file: 'src/tftp/outcome.ts',
      test: [
        'test/tftp/in-memory.test.ts',
        'a client that looks at the size and stops (EDK2: error 8, PXE ROMs: error 0) is no failure',
      ],
    },
  },
  {
    id: 'files-over-32-mb',
    firmware: 'yaboot and old GRUB on POWER, loaders without the block size option',
    symptom: 'With blocks of 512 bytes the block number ends at 32 MB.',
    remedy: 'Block numbers wrap to 0; GRUB and petitboot get kernel and initrd by HTTP.',
    citations: ['https://github.com/xcat2/xcat-core/issues/553', 'https://github.com/nxp-archive/openil/issues/69'],
    effect: {
      kind: 'always',
      file: 'src/tftp/transfer.ts',
      test: ['test/tftp/transfer.test.ts', 'block numbers wrap to 0 after 65535'],
    },
  },
  {
    id: 'old-http',
    firmware: 'small HTTP clients of loaders, shim',
    symptom: 'HTTP/1.0 only, no chunked bodies: without Content-Length the download fails.',
    remedy: 'Files always come with Content-Length, never chunked; HTTP/1.0 is answered.',
    citations: ['https://github.com/raburton/rboot-sample/issues/6', 'https://github.com/rhboot/shim/pull/770'],
    effect: {
      kind: 'always',
      file: 'src/http/server.ts',
      test: [
        'test/http/server.test.ts',
        'RFC 9112 §9.3: an HTTP/1.0 request is answered with a length, and the connection is closed',
      ],
    },
  },
  {
    id: 'ranges',
    firmware: 'GRUB (after an interrupted read), QEMU',
    symptom: 'Part of a file is asked for; a server without ranges starts again at the first byte.',
    remedy: 'Range requests are answered with 206 and exactly those bytes.',
    citations: [
      'https://github.com/netbootxyz/netboot.xyz/issues/1159',
      'https://github.com/xcat2/xcat-core/issues/553',
    ],
    effect: {
      kind: 'always',
      file: 'src/http/range.ts',
      test: ['test/http/conditions.test.ts', 'RFC 9110 §14.1.2: closed, open-ended and suffix ranges'],
    },
  },
  {
    id: 'infiniband',
    firmware: 'IPoIB of iPXE, dhclient and UEFI',
    symptom: 'No hardware address in the message (20 bytes do not fit), and no unicast without one.',
    remedy: 'Known by the port GUID in the client identifier; always answered by broadcast.',
    citations: ['RFC 4390 §2.1', 'RFC 4390 §2.2'],
    effect: {
      kind: 'always',
      file: 'src/dhcp/identity.ts',
      test: ['test/dhcp/decide.test.ts', 'RFC 4390 §2.1: InfiniBand is known by its client identifier'],
    },
  },
]
