/**
 * The timeline room: what was seen of each node, kept in order, and what that says about its boots. It knows events
 * (event.ts) and time; it must not know tables, sockets of services, or how an answer was made.
 *
 * This file: the stages of a boot as data: what each waits for, how long that may take, and what to look at when it
 * takes longer.
 */

export const STAGES = [
  'firmware dhcp',
  'loader',
  'boot file',
  'kernel',
  'initrd',
  'network',
  'plan',
  'root',
  'localdisk',
  'persistent',
  'trees',
  'entries',
  'system',
  'switch',
  'booted',
] as const

export type StageName = (typeof STAGES)[number]

export interface StageExpectation {
  /** A boot without news for longer than this, while this stage is due, is stuck. */
  readonly patienceMs: number
  /** What to check first, for the administrator. */
  readonly advice: string
}

const SECONDS = 1000
const MINUTES = 60 * SECONDS

/**
 * Firmware retries DHCP at 4, 8, 16 and 32 s (PXE 2.1 §2.2.2), TFTP and HTTP clients at a few seconds: a minute of
 * silence means that nobody is trying any more. The initrd reports each retry, with pauses of up to a minute.
 */
export const EXPECTATIONS: Readonly<Record<StageName, StageExpectation>> = {
  'firmware dhcp': {
    patienceMs: 1 * MINUTES,
    advice:
      'the node asked but took no offer: look for a second DHCP server, for a relay or VLAN that loses the reply, and whether the MAC stands in the mac table',
  },
  loader: {
    patienceMs: 1 * MINUTES,
    advice:
      'the node has its address but fetched no loader: check that TFTP (UDP 69) reaches the node and that the loader file is installed',
  },
  'boot file': {
    patienceMs: 1 * MINUTES,
    advice:
      'the loader runs but fetched no boot file: check that HTTP reaches the node, noderes.netboot (under Secure Boot grub2, with a signed shim in the image: iPXE is refused), and whether the loader waits in a menu',
  },
  kernel: {
    patienceMs: 1 * MINUTES,
    advice:
      'the boot file was read but no kernel came through: check that rootimgdir has a kernel, and the console for the loader’s message',
  },
  initrd: {
    patienceMs: 2 * MINUTES,
    advice:
      'the kernel was fetched but no initrd: check that rootimgdir has an initrd and that the node has memory for it; under Secure Boot, whether the node trusts who signed the kernel (its console says “bad shim signature”)',
  },
  network: {
    patienceMs: 3 * MINUTES,
    advice:
      'kernel and initrd were fetched but the initrd does not speak: check console= for a panic, whether the initrd has the driver of the network port, and spanning tree on its switch port',
  },
  plan: {
    patienceMs: 1 * MINUTES,
    advice:
      'the initrd has its network but no valid plan: run `liteboot plan <node>` and check that its address is the one in hosts',
  },
  root: {
    patienceMs: 2 * MINUTES,
    advice:
      'the root file system cannot be used: the report above says why; check the NFS server of the plan, its exports and rootimgdir, and that liteimg was run after the last edit',
  },
  localdisk: {
    // Making the file systems of large disks.
    patienceMs: 15 * MINUTES,
    advice:
      'the local disk cannot be used: the report above says which and why; if what is on it may be lost: liteboot localdisk reformat <node>',
  },
  persistent: {
    patienceMs: 2 * MINUTES,
    advice:
      'the persistent directory cannot be used: the report above says why; check the statelite row, its server, its exports and the space on its disk',
  },
  trees: {
    patienceMs: 3 * MINUTES,
    advice: 'a litetree directory is not mounted: check the litetree rows and their servers',
  },
  entries: {
    patienceMs: 2 * MINUTES,
    advice: 'a litefile entry cannot be set up: run liteimg again and look at the report above',
  },
  system: {
    patienceMs: 1 * MINUTES,
    advice: 'network, host name or machine-id of the running system cannot be written: look at the report above',
  },
  switch: { patienceMs: 1 * MINUTES, advice: 'the initrd does not hand over: does the image have /sbin/init?' },
  booted: {
    patienceMs: 10 * MINUTES,
    advice:
      'the system was started but does not report that it is up: log in or look at its console; the image needs the liteboot service enabled',
  },
}

export function stageIndex(name: StageName): number {
  return STAGES.indexOf(name)
}

export function parseStage(name: string | undefined): StageName | undefined {
  return STAGES.find((stage) => stage === name)
}
