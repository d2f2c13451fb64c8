import test from 'ava'
import { isSecret, maskText, maskWords } from '../../src/tables/secrets.ts'

test('columns and settings that are secrets, and their neighbours that are not', (t) => {
  t.true(isSecret('passwd', 'password', { key: 'system' }))
  t.true(isSecret('ipmi', 'password', {}))
  t.true(isSecret('pdu', 'community', {}))
  t.true(isSecret('site', 'value', { key: 'snmpc' }))
  t.false(isSecret('site', 'value', { key: 'domain' }))
  t.false(isSecret('site', 'key', { key: 'snmpc' }))
  t.false(isSecret('passwd', 'key', { key: 'password' }))
  t.false(isSecret('passwd', 'cryptmethod', {}))
  t.false(isSecret('noderes', 'netboot', {}))
})

test('arguments are masked where the name says that a secret follows', (t) => {
  const masked = (...words: string[]) => maskWords(words).words.join(' ')
  t.is(masked('key=system,username=root', 'passwd.password=a=b'), 'key=system,username=root passwd.password=********')
  t.is(masked('n1', 'bmcpassword=x y', 'bmc=b1'), 'n1 bmcpassword=******** bmc=b1')
  t.is(masked('n1', 'ipmi.password,=x', 'ipmi.password==x'), 'n1 ipmi.password,=******** ipmi.password==********')
  t.is(masked('ipmi.password=~^x', 'passwd.password!=y'), 'ipmi.password=~******** passwd.password!=********')
  t.is(masked('ipmi.password='), 'ipmi.password=')
  t.is(masked('--password', 'x', '--password=y', '-o', 'z'), '--password ******** --password=******** -o z')
  t.is(masked('key=snmpc', 'site.value=x'), 'key=snmpc site.value=********')
  t.is(masked('key=domain', 'site.value=x'), 'key=domain site.value=x')
  t.is(masked('groups=compute', 'usercomment=visible'), 'groups=compute usercomment=visible')
  t.is(masked('-t', 'site', 'snmpc=x', 'domain=y'), '-t site snmpc=******** domain=y')
  t.deepEqual(maskWords(['passwd.password=long one', '--password', 'b']).secrets, ['long one', 'b'])
})

test('a message loses the secrets that were given as arguments, but not every letter', (t) => {
  t.is(maskText('"topsecret" is not a blank', ['topsecret', 'a']), '"********" is not a blank')
})
