import test from 'ava'
import { firmwareFor } from '../../vm-harness/firmware.ts'
import { machineArguments } from '../../vm-harness/machine.ts'

const base = { name: 'n1', mac: '52:54:00:77:00:01', directory: '/nowhere', accelerator: 'kvm' }

test('the tables choose the firmware', (t) => {
  t.is(firmwareFor('x86_64', 'xnba'), 'bios')
  t.is(firmwareFor('x86_64', 'grub2-http'), 'uefi')
  t.is(firmwareFor('ppc64le', 'grub2-http'), 'slof')
  t.is(firmwareFor('ppc64le', 'petitboot'), 'vof')
  t.is(firmwareFor('aarch64', 'grub2'), undefined)
})

test('a machine of another architecture is always emulated', (t) => {
  const args = machineArguments({ ...base, firmware: 'slof' })
  t.is(args[args.indexOf('-accel') + 1], 'tcg,thread=multi')
  t.is(args[args.indexOf('-cpu') + 1], 'POWER9')
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
