/** `--explain`: how the lists were read, and `--dryrun`: the commands, in order. */
import type { PackageName } from '../lists/package-lists.ts'
import type { Preflight } from './preflight.ts'
import { renderWords } from './shell-words.ts'
import type { BuildStep } from './steps.ts'

export function explainLists({
  lists,
  repositories,
  otherRepositories,
  aptSources,
  otherAptSources,
}: Preflight): string[] {
  const lines: string[] = []
  for (const { id, baseurl } of [...repositories, ...otherRepositories]) lines.push(`repository ${id}: ${baseurl}`)
  for (const { line } of [...aptSources, ...otherAptSources]) lines.push(`repository: ${line}`)
  for (const [title, batches] of [
    ['packages', lists.distro],
    ['other packages', lists.other],
  ] as const)
    for (const [index, batch] of batches.entries()) {
      lines.push(`${title}, batch ${index + 1}:`)
      for (const [name, value] of Object.entries(batch.environment)) lines.push(`  environment ${name}=${value}`)
      const out = [...batch.removeBefore, ...batch.removeAfter]
      if (title === 'other packages')
        lines.push(...batch.removeBefore.map((entry) => renderEntry('first remove', entry)))
      lines.push(...batch.install.map((entry) => renderEntry('install', entry)))
      if (title === 'other packages') lines.push(...batch.removeAfter.map((entry) => renderEntry('then remove', entry)))
      else lines.push(...out.map((entry) => renderEntry('leave out', entry)))
    }
  return lines
}

function renderEntry(verb: string, { name, directory, file, line }: PackageName): string {
  const from = directory === '' ? '' : ` from ${directory}`
  return `  ${verb} ${name}${from}  (${file} line ${line})`
}

export function renderSteps(steps: readonly BuildStep[]): string[] {
  return steps.flatMap(renderStep)
}

function renderStep(step: BuildStep): string[] {
  switch (step.kind) {
    case 'command':
      return [`# ${step.what}`, renderWords(step.words, step.environment)]
    case 'file':
      return [
        `# ${step.path}:`,
        ...step.text
          .trimEnd()
          .split('\n')
          .map((line) => `#   ${line}`.trimEnd()),
      ]
    case 'work':
      return [`# ${step.what}`]
    case 'uname':
      return ['# from here on, uname in the tree names the kernel of the image']
  }
}
