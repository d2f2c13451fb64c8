import test from 'ava'
import fc from 'fast-check'
import { parseName } from '../../src/tftp/names.ts'

test('leading slash, doubled slashes, backslashes and the tftpdir prefix make no difference', (t) => {
  const forms = [
    'boot/grub/x.mod',
    '/boot/grub/x.mod',
    '//boot//grub/x.mod',
    '\\boot\\grub\\x.mod',
    './boot/./grub/x.mod',
  ]
  for (const form of [
    ...forms,
    '/tftpboot/boot/grub/x.mod',
    'tftpboot/boot/grub/x.mod',
    '\\tftpboot\\boot/grub\\x.mod',
  ]) {
    t.is(parseName(form), 'boot/grub/x.mod', form)
  }
})

test('the prefix is the directory that was configured, and only as a whole', (t) => {
  t.is(parseName('/srv/tftp/a', '/srv/tftp'), 'a')
  t.is(parseName('/srv/tftpboot/a', '/srv/tftp'), 'srv/tftpboot/a')
  t.is(parseName('/tftpboot2/a'), 'tftpboot2/a')
  t.is(parseName('/tftpboot'), 'tftpboot')
})

test('upper and lower case stay: hexadecimal names are the caller’s business', (t) => {
  t.is(parseName('/0A4D000E'), '0A4D000E')
})

test('names that leave the root, name nothing, or cannot be printed are refused', (t) => {
  const wrong = [
    '',
    '/',
    '..',
    '../etc/passwd',
    'a/../../b',
    'a/..',
    '/tftpboot/../etc/passwd',
    '..\\x',
    'a\nb',
    'x'.repeat(2000),
  ]
  for (const name of wrong) t.is(parseName(name), undefined, name)
  t.is(parseName('..a/b..'), '..a/b..')
})

test('whatever is asked, the result is relative, clean, and stays as it is when parsed again', (t) => {
  const piece = fc.oneof(fc.constantFrom('..', '.', '/', '\\', 'tftpboot', 'a', ''), fc.string({ maxLength: 5 }))
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const name = parseName(pieces.join(''), '/srv')
      if (name === undefined) return
      t.false(name.startsWith('/') || name.includes('\\') || name.includes('//'))
      t.false(name.split('/').some((part) => part === '..' || part === '.'))
      if (!name.startsWith('srv')) t.is(parseName(name, '/srv'), name)
    }),
  )
})
