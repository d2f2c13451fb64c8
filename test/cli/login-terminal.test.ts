/** login as somebody types it: on a terminal of its own, against a server in this process. */
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { openRemoteRig, type RemoteRig } from '../api/remote-rig.ts'
import { LITEBOOT } from './executable.ts'
import { newSite, type Site } from './transcript.ts'

const onTerminal = spawnSync('script', ['--version']).status === 0 ? test : test.skip

interface Desk extends Site {
  readonly rig: RemoteRig
  /** Ends with what the terminal showed and the exit status. Each answer is typed the moment its question is seen. */
  type(words: string, answers: readonly (readonly [question: string, answer: string])[]): Promise<[string, number]>
}

async function openDesk(t: ExecutionContext): Promise<Desk> {
  const rig = await openRemoteRig(t)
  const site = newSite(t)
  await rig.chtab('key=xcat,username=bob', 'passwd.password=sesame')
  await rig.chtab('priority=5', 'policy.name=bob', 'policy.rule=allow')
  const env = {
    ...process.env,
    LITEBOOT_STATE: site.places.state,
    XDG_CONFIG_HOME: site.directory,
    HOME: site.directory,
  }
  async function type(words: string, answers: readonly (readonly [string, string])[]): Promise<[string, number]> {
    // The mode that the terminal is left in stands at the end. Ctrl-C reaches the shell, too, which must go on to tell it.
    const line = `trap : INT; '${LITEBOOT}' ${words}; status=$?; stty -a | grep -o -- '-*\\becho\\b'; exit $status`
    const child = execFile('script', ['-qec', line, '/dev/null'], { env })
    t.teardown(() => child.kill('SIGKILL'))
    const waiting = [...answers]
    let screen = ''
    let seen = 0
    child.stdout?.on('data', (chunk: string) => {
      screen += chunk
      const [question = '', answer = ''] = waiting[0] ?? []
      const at = waiting.length > 0 ? screen.indexOf(question, seen) : -1
      if (at === -1) return
      seen = at + question.length
      waiting.shift()
      child.stdin?.write(answer)
    })
    const status = await new Promise<number>((resolve) => child.once('close', resolve))
    t.deepEqual(waiting, [], screen)
    return [screen.replaceAll('\r', ''), status]
  }
  return { ...site, rig, type }
}

onTerminal('the fingerprint is shown and accepted, the password is asked for and not shown', async (t) => {
  const { rig, type, directory } = await openDesk(t)
  const { server, credentials } = rig
  const [screen, status] = await type(`login ${server} --user bob`, [
    ['Ctrl-C: stop. ', '\n'],
    ['Password of bob: ', 'sesamf\x7fe\n'],
  ])
  t.is(status, 0, screen)
  t.true(screen.startsWith(`${server} is not known yet. Its fingerprint is\n    ${credentials.fingerprint}\n`), screen)
  t.regex(screen, /Password of bob: \nLogged in to localhost:\d+ as bob on .*\necho\n$/)
  t.notRegex(screen, /sesam/)
  t.regex(readFileSync(join(directory, 'liteboot/credentials.json'), 'utf8'), /BEGIN CERTIFICATE/)
  // Known now: no question any more. A token is as secret as a password.
  const token = rig.newToken()
  const [again, second] = await type(`login ${server}`, [['Token: ', `${token}\n`]])
  t.is(second, 0, again)
  t.notRegex(again, /fingerprint/)
  t.false(again.includes(token))
})

onTerminal('ctrl-c at either question: nothing is sent or kept, and the terminal is as it was', async (t) => {
  const { rig, type, directory } = await openDesk(t)
  const [refused, status] = await type(`login ${rig.server} --user bob`, [['Ctrl-C: stop. ', '\x03']])
  t.is(status, 1, refused)
  t.regex(refused, /is not known yet; its fingerprint is .*; nothing was sent\n[\s\S]*\necho\n$/)
  const [stopped, second] = await type(`login ${rig.server} --user bob --fingerprint ${rig.credentials.fingerprint}`, [
    ['Password of bob: ', 'sesa\x03'],
  ])
  t.is(second, 1, stopped)
  t.regex(stopped, /Password of bob: \nError: stopped\n[\s\S]*echo\n$/)
  t.notRegex(stopped, /sesa/)
  t.throws(() => readFileSync(join(directory, 'liteboot/credentials.json')))
  t.deepEqual(rig.tokens.list(), [])
})
