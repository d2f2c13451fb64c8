import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { SerialConsole } from '../../vm-harness/console.ts'

/** A console of which the machine prints these texts and nothing more. */
async function consoleThatSays(t: { teardown(step: () => void): void }, text: string): Promise<SerialConsole> {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-console-'))
  const server = createServer((socket) => socket.on('error', () => {}).write(text, 'latin1'))
  await new Promise<void>((resolve) => server.listen(join(directory, 'sock'), resolve))
  const serial = await SerialConsole.open(join(directory, 'sock'), join(directory, 'log'))
  t.teardown(() => {
    serial.close()
    server.close()
    rmSync(directory, { recursive: true, force: true })
  })
  return serial
}

for (const [name, text, prompt] of [
  ['SLOF', 'E3001: No boot\r\n  Ready! \r\n0 > ', '0 >'],
  ['GRUB', "error: variable `root' isn't set.\r\ngrub rescue> ", 'grub rescue>'],
] as const) {
  test(`a machine that stands at the prompt of ${name} is not waited for`, async (t) => {
    const serial = await consoleThatSays(t, text)
    const error = await t.throwsAsync(serial.waitFor(/login: /, 600_000, 'a login prompt'))
    t.true(error?.message.includes(`the machine stands at \`${prompt}\``), error?.message)
  })
}

test('what looks like such a prompt once the system runs is nothing', async (t) => {
  const serial = await consoleThatSays(t, 'n1 login: \r\n0 > ')
  await serial.waitFor(/login: /, 600_000)
  await t.throwsAsync(serial.waitFor(/never/, 1), { message: /nothing within/ })
})

test('a machine that ended is not waited for, and its last complaint is told', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-console-'))
  const server = createServer((socket) => socket.end('', 'latin1'))
  await new Promise<void>((resolve) => server.listen(join(directory, 'sock'), resolve))
  t.teardown(() => {
    server.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const why = async () => 'QEMU of n1 ended (1): memory size is not aligned to 256 MiB'
  const serial = await SerialConsole.open(join(directory, 'sock'), join(directory, 'log'), undefined, why)
  await t.throwsAsync(serial.waitFor(/login: /, 600_000, 'a login prompt'), {
    message: /^waiting for a login prompt: QEMU of n1 ended \(1\): memory size is not aligned/,
  })
})
