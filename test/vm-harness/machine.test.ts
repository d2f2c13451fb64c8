import test from 'ava'
import { FIRMWARE, type FirmwareName, firmwareFor } from '../../vm-harness/firmware.ts'
import { identityArguments, machineArguments } from '../../vm-harness/machine.ts'

const base = { name: 'n1', mac: '52:54:00:77:00:01', directory: '/nowhere', accelerator: 'kvm' }

test('the tables choose the firmware', (t) => {
  t.is(firmwareFor('x86_64', 'xnba'), 'bios')
  t.is(firmwareFor('x86_64', 'grub2-http'), 'uefi')
  t.is(firmwareFor('ppc64le', 'grub2-http'), 'slof')
  t.is(firmwareFor('ppc64le', 'petitboot'), 'vof')
  t.is(firmwareFor('aarch64', 'grub2-http'), 'aavmf')
  t.is(firmwareFor('s390x', 'grub2'), undefined)
})

test('a machine of another architecture is always emulated', (t) => {
  const args = machineArguments({ ...base, firmware: 'slof' })
  t.is(args[args.indexOf('-accel') + 1], 'tcg,thread=multi')
  t.is(args[args.indexOf('-cpu') + 1], 'POWER9')
})

test('what is printed on it is in SMBIOS on UEFI of either architecture, on POWER only the UUID', (t) => {
  const identity = {
    manufacturer: 'Ampere',
    product: 'Altra',
    serial: 'A1',
    uuid: 'c1c1c1c1-0000-4000-8000-000000000001',
  }
  const told = (firmware: FirmwareName) => {
    const args = identityArguments(FIRMWARE[firmware].arch, identity)
    return args[args.indexOf('-smbios') + 1]
  }
  t.regex(told('aavmf') ?? '', /^type=1,manufacturer=Ampere,.*serial=A1/)
  t.is(told('aavmf'), told('uefi'))
  t.deepEqual(identityArguments('ppc64le', identity), ['-uuid', identity.uuid])
})

test('memory is the firmware’s unless it is given', (t) => {
  const memory = (args: string[]) => args[args.indexOf('-m') + 1]
  t.is(memory(machineArguments(base)), '1024')
  t.is(memory(machineArguments({ ...base, memoryMiB: 640 })), '640')
})

test('only firmware that cannot load by itself is handed a kernel', (t) => {
  const handed = { kernel: '/k', initrd: '/i', commandLine: 'console=hvc0 a=b' }
  const args = machineArguments({ ...base, firmware: 'vof', handed })
  t.is(args[args.indexOf('-append') + 1], 'console=hvc0 a=b')
  t.throws(() => machineArguments({ ...base, firmware: 'vof' }), { message: /must be handed/ })
  t.throws(() => machineArguments({ ...base, firmware: 'slof', handed }), { message: /loads its kernel itself/ })
})
