/** What makes the commands comfortable: short names, completion, man pages. */
import { execFile, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { CommanderError } from 'commander'
import fc from 'fast-check'
import { COMMANDS, PROGRAMS } from '../../src/cli/commands.ts'
import { splitLine } from '../../src/cli/shell/command-line.ts'
import { defineCommand } from '../../src/cli/shell/define.ts'
import { renderText } from '../../src/cli/shell/roff.ts'
import { hasShortName, typedName } from '../../src/cli/shell/short-names.ts'
import { LITEBOOT, runProgram } from './executable.ts'
import { newSite, type Ran, runCommand, type Site } from './transcript.ts'

const REAL = lstatSync(LITEBOOT).isFile() ? LITEBOOT : ''

function newDirectory(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-shell-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

function run(words: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return runProgram(LITEBOOT, words, { ...process.env, PATH: '/usr/bin:/bin', ...environment })
}

const hasBash = spawnSync('bash', ['--version']).error === undefined
const hasZsh = spawnSync('zsh', ['--version']).error === undefined
const hasScript = spawnSync('script', ['--version']).error === undefined
const shortNames = Object.keys(COMMANDS).filter(hasShortName)

// --- links

test('words that are programs elsewhere have no short name', (t) => {
  for (const word of 'check completion diff explain exports history leases login man plan serve timeline token undo vm'.split(
    ' ',
  ))
    t.false(hasShortName(word), word)
  for (const word of Object.keys(PROGRAMS)) t.false(hasShortName(word), word)
  t.true(shortNames.length > 10)
  // Whatever a Debian of today has in the usual places.
  const taken = shortNames.filter((name) =>
    ['/usr/bin', '/bin', '/usr/sbin', '/sbin'].some((place) => existsSync(join(place, name))),
  )
  t.deepEqual(taken, [])
})

test('install-links: every xCAT command by its name, again without harm, and away again', async (t) => {
  const bin = join(newDirectory(t), 'bin dir')
  mkdirSync(bin)
  const made = await run(['install-links', bin])
  t.deepEqual(made, { stdout: `${shortNames.length + 1} links made in ${bin}.\n`, stderr: '', status: 0 })
  t.deepEqual(readdirSync(bin).sort(), ['liteboot', ...shortNames].sort())
  t.is(readlinkSync(join(bin, 'lsdef')), REAL)
  const again = await run(['install-links', bin])
  t.is(again.stdout, `0 links made in ${bin}, ${shortNames.length + 1} were there.\n`)
  writeFileSync(join(bin, 'other'), '')
  symlinkSync('other', join(bin, 'rscan'))
  const removed = await run(['install-links', '--remove', bin])
  t.is(removed.stdout, `${shortNames.length + 1} files and links removed.\n`)
  t.deepEqual(readdirSync(bin).sort(), ['other', 'rscan'])
})

test('install-links: what is not ours stays, is named, and the others are made', async (t) => {
  const directory = newDirectory(t)
  const bin = join(directory, 'bin')
  const xcat = join(directory, 'opt/xcat/bin')
  for (const path of [bin, xcat]) mkdirSync(path, { recursive: true })
  writeFileSync(join(bin, 'mkdef'), 'theirs')
  symlinkSync('/bin/true', join(bin, 'chdef'))
  symlinkSync('/nowhere/bin/liteboot', join(bin, 'rmdef'))
  writeFileSync(join(xcat, 'lsdef'), '#!/bin/sh\n')
  chmodSync(join(xcat, 'lsdef'), 0o755)
  const ran = await run(['install-links', bin], { PATH: `/usr/bin:/bin:${xcat}` })
  t.is(ran.status, 1)
  t.deepEqual(ran.stderr.trimEnd().split('\n').sort(), [
    `Error: ${bin}/chdef is not liteboot's: left as it is`,
    `Error: ${bin}/mkdef is not liteboot's: left as it is`,
    `Error: lsdef is another program in PATH, ${xcat}/lsdef: no link is made without --force`,
  ])
  t.is(readFileSync(join(bin, 'mkdef'), 'utf8'), 'theirs')
  t.is(readlinkSync(join(bin, 'chdef')), '/bin/true')
  t.false(existsSync(join(bin, 'lsdef')))
  t.is(readlinkSync(join(bin, 'rmdef')), REAL, 'a link to a liteboot that is gone is ours')
  t.is(readlinkSync(join(bin, 'tabdump')), REAL)
  await run(['install-links', '--force', bin], { PATH: `/usr/bin:/bin:${xcat}` })
  t.is(readlinkSync(join(bin, 'lsdef')), REAL)
  t.is(readFileSync(join(bin, 'mkdef'), 'utf8'), 'theirs', 'a file stays, whatever is asked')
})

test('install-links: another liteboot keeps its links until it is forced; --dry-run does nothing', async (t) => {
  const directory = newDirectory(t)
  const bin = join(directory, 'bin')
  for (const path of [bin, join(directory, 'old')]) mkdirSync(path)
  writeFileSync(join(directory, 'old/liteboot'), '')
  symlinkSync('../old/liteboot', join(bin, 'lsdef'))
  const dry = await run(['install-links', '--dry-run', bin])
  t.regex(dry.stdout, /links would be made/)
  t.deepEqual(readdirSync(bin), ['lsdef'])
  const ran = await run(['install-links', '--json', bin])
  t.is(ran.status, 1)
  t.regex(ran.stderr, /^Error: .*\/bin\/lsdef is a link to another liteboot, .*\/old\/liteboot: --force replaces it\n$/)
  t.is(JSON.parse(ran.stdout).made.length, shortNames.length)
  await run(['install-links', '--force', bin])
  t.is(readlinkSync(join(bin, 'lsdef')), REAL)
})

test('install-links: a directory that is not there', async (t) => {
  const ran = await run(['install-links', join(newDirectory(t), 'nosuch')])
  t.is(ran.status, 1)
  t.regex(ran.stderr, /^Error: ENOENT.*nosuch.*\n {7}Check the path and its permissions\. \[LB_FILE\]\n$/)
})

test('install-links --man --completion: files with our mark only', async (t) => {
  const directory = newDirectory(t)
  const bin = join(directory, 'bin')
  const man = join(directory, 'share/man/man1')
  for (const path of [bin, man]) mkdirSync(path, { recursive: true })
  writeFileSync(join(man, 'lsdef.1'), 'theirs')
  const ran = await run(['install-links', '--man', '--completion', bin])
  t.is(ran.status, 1)
  t.is(ran.stderr, `Error: ${man}/lsdef.1 is not liteboot's: left as it is\n`)
  t.is(readFileSync(join(man, 'lsdef.1'), 'utf8'), 'theirs')
  for (const path of ['man/man1/liteboot.1', 'bash-completion/completions/lsdef', 'zsh/site-functions/_liteboot'])
    t.true(existsSync(join(directory, 'share', path)), path)
  await run(['install-links', '--remove', '--man', '--completion', bin])
  const left = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory())
  t.deepEqual(
    left.map(({ name }) => name),
    ['lsdef.1'],
  )
})

// --- examples and help

test('every command has a summary and examples, and the examples are right', async (t) => {
  const names = new Set(Object.keys(COMMANDS))
  for (const [name, entry] of Object.entries(COMMANDS)) {
    const command = await entry.load()
    t.is(command.name, name)
    t.regex(command.summary, /^[A-Z].*\.$/s, name)
    t.true((command.examples ?? []).length > 0, `${name} has no example`)
    for (const { says, run: line } of command.examples ?? []) {
      t.true(says.length > 0)
      const words = splitLine(
        line
          .replace(/^(\w+=('[^']*'|\S*) )+/, '')
          .replace(/^source <\((.*)\)$/, '$1')
          .replace(/ (<|>|&&|\|) .*$/, ''),
      )
      const typed = words[0] === 'liteboot' ? words.slice(1) : words
      t.is(words[0] === 'liteboot' ? `liteboot ${typed[0]}` : typed[0], typedName(name), line)
      t.true(names.has(typed[0] ?? ''), line)
      const program = defineCommand(command, () => {})
        .exitOverride()
        .configureOutput({ writeErr: () => {}, writeOut: () => {} })
      await t.notThrowsAsync(async () => {
        await program.parseAsync(typed.slice(1), { from: 'user' }).catch((error: unknown) => {
          if (error instanceof CommanderError && error.exitCode === 0) return
          throw error
        })
      }, line)
    }
  }
})

test('help fits into 80 columns, also of every command', async (t) => {
  const site = newSite(t)
  for (const words of [['liteboot'], ...Object.keys(COMMANDS).map((name) => ['liteboot', 'help', name])]) {
    const { stdout, status } = await runCommand(site, words)
    t.is(status, 0)
    const long = stdout.split('\n').filter((line) => line.length > 80)
    t.deepEqual(long, [], words.join(' '))
  }
})

test('help of a command is the same however it is asked for', async (t) => {
  const site = newSite(t)
  for (const name of Object.keys(COMMANDS)) {
    const asked = [
      ['liteboot', 'help', name],
      ['liteboot', name, '--help'],
      ['liteboot', name, '-h'],
      [name, '-h'],
    ]
    const texts = await Promise.all(asked.map((words) => runCommand(site, words)))
    t.is(new Set(texts.map(({ stdout }) => stdout)).size, 1, name)
    t.regex(texts[0]?.stdout ?? '', new RegExp(`^Usage: ${typedName(name)} `), name)
  }
  const unknown = await runCommand(site, ['liteboot', 'help', 'lsdeff'])
  t.is(unknown.status, 1)
  t.regex(unknown.stderr, /^Error: there is no command 'lsdeff'\n {7}Did you mean 'lsdef'\?\n/)
})

// --- man pages

const hasMandoc = spawnSync('mandoc', ['-T', 'lint', '/dev/null']).error === undefined
const hasGroff = spawnSync('groff', ['--version']).error === undefined

;(hasMandoc || hasGroff ? test : test.skip)('man pages are faultless to mandoc and groff', async (t) => {
  const directory = newDirectory(t)
  const ran = await run(['man', directory])
  t.is(ran.status, 0, ran.stderr)
  const pages = readdirSync(directory)
  t.deepEqual(
    pages.sort(),
    ['liteboot.1', ...Object.keys(COMMANDS).map((name) => `${hasShortName(name) ? '' : 'liteboot-'}${name}.1`)].sort(),
  )
  for (const page of pages) {
    const path = join(directory, page)
    if (hasMandoc)
      t.is(spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', path], { encoding: 'utf8' }).stdout, '', page)
    if (hasGroff) t.is(spawnSync('groff', ['-man', '-Tutf8', '-ww', '-z', path], { encoding: 'utf8' }).stderr, '', page)
  }
  const text = readFileSync(join(directory, 'tabrestore.1'), 'utf8')
  const sections = [...text.matchAll(/^\.SH (.*)$/gm)].map(([, title]) => title)
  t.deepEqual(sections, [
    'NAME',
    'SYNOPSIS',
    'DESCRIPTION',
    'OPTIONS',
    'EXAMPLES',
    'EXIT STATUS',
    'ENVIRONMENT',
    'FILES',
    'SEE ALSO',
  ])
})

test('roff: what would be an instruction, or another character, is not', (t) => {
  t.is(renderText(".SH is `-o` and 'x' …"), '\\&.SH is \\fB\\-o\\fR and \\(aqx\\(aq \\[u2026]')
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const line of renderText(text).split('\n')) t.notRegex(line, /^[.']/)
    }),
  )
})

// --- completion

test('a line is split as shells do', (t) => {
  t.deepEqual(splitLine('lsdef n1 -t '), ['lsdef', 'n1', '-t', ''])
  t.deepEqual(splitLine('chdef "a b" c\\ d \'e"f'), ['chdef', 'a b', 'c d', 'e"f'])
  t.deepEqual(splitLine(''), [''])
})

async function fill(site: Site): Promise<void> {
  for (const words of [
    ['mkdef', 'cn01,cn02,login1', 'groups=compute,all'],
    ['mkdef', '-t', 'osimage', '-o', 'el9-lite', 'provmethod=statelite', 'profile=p', 'rootimgdir=/i'],
    ['mkdef', '-t', 'osimage', '-o', 'el9-test', 'provmethod=statelite', 'profile=p', 'rootimgdir=/j'],
  ])
    if ((await runCommand(site, words)).status !== 0) throw new Error(words.join(' '))
}

/** What is offered; descriptions left out. */
async function offered(site: Site, line: string): Promise<string[]> {
  const { stdout, stderr } = await runCommand(site, ['liteboot', '__complete', 'line', line])
  if (stderr !== '') throw new Error(stderr)
  return stdout
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => text.split('\t')[0] ?? '')
}

test('completion: commands, options, names', async (t) => {
  const site = newSite(t)
  await fill(site)
  const cases: Readonly<Record<string, readonly string[]>> = {
    'liteboot lsd': ['lsdef'],
    'liteboot hel': ['help'],
    'liteboot help tabd': ['tabdump'],
    'liteboot ser': ['serve'],
    'liteboot lsdef --osi': ['--osimage'],
    '/usr/local/bin/lsdef --osi': ['--osimage'],
    'lsdef cn': ['cn01', 'cn02'],
    'lsdef ': ['cn01', 'cn02', 'login1', 'all', 'compute'],
    'lsdef cn01,lo': ['cn01,login1'],
    'lsdef all,-lo': ['all,-login1'],
    'litefile compute@lo': ['compute@login1'],
    'lsdef cn01-cn': ['cn01-cn01', 'cn01-cn02'],
    'lsdef cn[01-': [],
    'lsdef /cn': [],
    'lsdef -t osi': ['osimage'],
    'lsdef -t node,osi': ['node,osimage'],
    'lsdef -t osimage el9': ['el9-lite', 'el9-test'],
    'lsdef -tosimage -o el9-l': ['el9-lite'],
    'lsdef --type=osimage el9-t': ['el9-test'],
    'lsdef -t group -o comp': ['compute'],
    'lsdef -i provm': ['provmethod'],
    'lsdef -i os,provm': ['os,provmethod'],
    'lsdef -t osimage -i rootimg': ['rootimgdir'],
    'lsdef -w provm': ['provmethod=='],
    'chdef cn01 provm': ['provmethod='],
    'chdef cn01 provmethod=el9-l': ['provmethod=el9-lite'],
    'mkdef cn03 groups=compute,al': ['groups=compute,all'],
    'mkdef -t group -o g members=cn01,lo': ['members=cn01,login1'],
    'lslite -i el9-l': ['el9-lite'],
    'lslite --image=el9-l': ['--image=el9-lite'],
    'liteimg el9-t': ['el9-test'],
    'tabdump litef': ['litefile'],
    'tabdump litefile -w opt': ['options=='],
    'tabdump -f ': [':files'],
    'chtab node=lo': ['node=login1'],
    'chtab image=el9-l': ['image=el9-lite'],
    'chtab node=cn01 nodehm.mg': ['nodehm.mgt='],
    'chtab node=cn01 nodeh': ['nodehm.'],
    'chtab -d node=cn01 nodeh': ['nodehm'],
    'chtab -- node=lo': ['node=login1'],
    'nodels cn01 noderes.netb': ['noderes.netboot'],
    'liteboot completion b': ['bash'],
    'liteboot install-links ': [':directories'],
    'liteboot nosuch x': [':files'],
  }
  for (const [line, expected] of Object.entries(cases)) t.deepEqual(await offered(site, line), expected, line)
})

test('completion says nothing when there is nothing to say', async (t) => {
  const site = newSite(t)
  writeFileSync(join(site.directory, 'state'), 'not a directory')
  for (const line of ['lsdef cn', 'lsdef -t ', 'chdef n1 a=', 'lsdef nosuch ', 'tabdump x y z', 'lsdef "'])
    t.deepEqual(
      await runCommand(site, ['liteboot', '__complete', 'line', line]).then(({ stdout, stderr }) => [stdout, stderr]),
      ['', ''],
      line,
    )
})

;(hasBash ? test : test.skip)('ten thousand nodes: a short answer in time for a prompt', async (t) => {
  const site = newSite(t)
  await runCommand(site, ['mkdef', 'node[00000-09999]', 'groups=all'])
  t.deepEqual(
    await offered(site, 'lsdef node0123'),
    Array.from({ length: 10 }, (_, at) => `node0123${at}`),
  )
  const all = await offered(site, 'lsdef node')
  t.is(all.length, 1000, 'as far as they can be shown')
  t.true(all.includes('node0999'))
  // Processor time: how long one waits depends on what else the machine does. On one that is idle it is the same.
  const ask = `TIMEFORMAT='%U %S'; time '${LITEBOOT}' __complete line 'lsdef node0123'`
  const timesMs = Array.from({ length: 4 }, () => {
    const env = { ...process.env, LITEBOOT_STATE: site.places.state }
    const { stdout, stderr } = spawnSync('bash', ['-c', ask], { encoding: 'utf8', env })
    t.is(stdout.split('\n').length, 11, stderr)
    return stderr.split(' ').reduce((sum, seconds) => sum + Number(seconds) * 1000, 0)
  })
  t.log(`${timesMs.map(Math.round)} ms`)
  t.true(Math.min(...timesMs) < 300, `${timesMs} ms`)
})

;(hasBash ? test : test.skip)('bash: the function it calls', async (t) => {
  const site = newSite(t)
  await fill(site)
  const script = (await run(['completion', 'bash'])).stdout
  const ask = `
try() {
  COMP_LINE=$1 COMP_POINT=\${#1}
  local IFS=$' \\t='; COMP_WORDS=($1); [[ $1 == *[\\ =] ]] && COMP_WORDS+=('')
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
  _liteboot "\${COMP_WORDS[0]}" "\${COMP_WORDS[COMP_CWORD]}"
  unset IFS; echo "$1 > \${COMPREPLY[*]}"
}
try 'lsdef cn'; try 'lsdef cn01,lo'; try 'chdef cn01 provmethod='; try 'chdef cn01 provmethod=el9-t'; try 'lslite --image=el9-l'
try 'lsdef all@lo'; try 'tabdump -f x'; try 'liteboot compl'; complete -p lsdef liteboot`
  const ran = spawnSync('bash', ['--norc', '-c', `${script}\n${ask}`], {
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', LITEBOOT_STATE: site.places.state },
  })
  t.is(ran.stderr, '')
  t.is(
    ran.stdout,
    `lsdef cn > cn01 cn02
lsdef cn01,lo > cn01,login1
chdef cn01 provmethod= > el9-lite el9-test
chdef cn01 provmethod=el9-t > el9-test
lslite --image=el9-l > el9-lite
lsdef all@lo > login1
tabdump -f x >${' '}
liteboot compl > completion
complete -F _liteboot lsdef
complete -F _liteboot liteboot
`,
  )
})

/**
 * Types a line and the tabulator key, then makes an echo of what stands there: what the shell has really made of it.
 * Setup must end in a prompt.
 */
async function typed(shell: string, setup: string, site: Site, lines: readonly string[]): Promise<string[]> {
  const child = execFile('script', ['-qec', shell, '/dev/null'], {
    env: { PATH: '/usr/bin:/bin', LITEBOOT_STATE: site.places.state, TERM: 'dumb', HOME: site.directory, LANG: 'C' },
  })
  let screen = ''
  const shown = async (text: string) => {
    const deadline = Date.now() + 20_000
    while (!screen.includes(text)) {
      if (Date.now() > deadline) throw new Error(`not shown: ${text}\n${screen}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  child.stdout?.on('data', (chunk: string) => {
    screen += chunk
  })
  child.stdin?.write(`${setup}; echo read''y\n`)
  await shown('ready')
  const results: string[] = []
  for (const [at, line] of lines.entries()) {
    // Ctrl-A: to the beginning of the line.
    child.stdin?.write(`${line}\t\x01echo "lin''e" ${at}:\n`.replace(`"lin''e"`, `lin''e`))
    await shown(`line ${at}:`)
    const [, result = ''] = new RegExp(`^line ${at}:(.*)$`, 'm').exec(screen.replaceAll('\r', '')) ?? []
    results.push(result)
  }
  child.stdin?.write('exit\n')
  await new Promise((resolve) => child.once('close', resolve))
  return results
}

const LINES = [
  'lsdef logi',
  'lsdef cn01,logi',
  'chdef cn01 provmethod=el9-l',
  'lslite --image=el9-t',
  'chdef cn01 provme',
  'liteboot compl',
]
const COMPLETED = [
  'lsdef login1',
  'lsdef cn01,login1',
  'chdef cn01 provmethod=el9-lite',
  'lslite --image=el9-test',
  'chdef cn01 provmethod=',
  'liteboot completion',
]

;(hasBash && hasScript ? test : test.skip)('bash: the tabulator key at a terminal', async (t) => {
  const site = newSite(t)
  await fill(site)
  const file = join(site.directory, 'liteboot.bash')
  writeFileSync(file, (await run(['completion', 'bash'])).stdout)
  t.deepEqual(await typed('bash --norc --noprofile -i', `PS1='> '; source '${file}'`, site, LINES), COMPLETED)
})

;(hasZsh && hasScript ? test : test.skip)('zsh: the tabulator key at a terminal', async (t) => {
  const site = newSite(t)
  await fill(site)
  const file = join(site.directory, '_liteboot')
  writeFileSync(file, (await run(['completion', 'zsh'])).stdout)
  const setup = `PS1='> '; bindkey -e; fpath=('${site.directory}' $fpath); autoload -U compinit; compinit -D -u`
  t.deepEqual(await typed('zsh -f -i', setup, site, LINES), COMPLETED)
})

;(hasZsh ? test : test.skip)('zsh: read as a script as well', async (t) => {
  const directory = newDirectory(t)
  const file = join(directory, 'liteboot.zsh')
  writeFileSync(file, (await run(['completion', 'zsh'])).stdout)
  const ran = spawnSync(
    'zsh',
    ['-f', '-c', `autoload -U compinit; compinit -D -u; source '${file}'; print $_comps[lsdef]`],
    {
      encoding: 'utf8',
      env: { PATH: '/usr/bin:/bin', HOME: directory },
    },
  )
  t.is(ran.stdout, '_liteboot\n', ran.stderr)
})
