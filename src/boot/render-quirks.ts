/** Renders docs/reference/quirks.md: `node src/boot/render-quirks.ts > docs/reference/quirks.md`. */
import { pathToFileURL } from 'node:url'
import { QUIRKS } from './quirk-list.ts'
import type { Quirk } from './quirks.ts'

export function renderQuirksPage(): string {
  const intro = [
    '# Quirks of firmware',
    '',
    'Made from src/boot/quirk-list.ts by `node src/boot/render-quirks.ts`; do not edit.',
    '',
    'What firmware, loaders and relays do that their standards do not say, and what liteboot does about it. Nothing of this has',
    'to be switched on. Quirks marked *answer* change the DHCP answer of that firmware only, and `boot/quirks.ts` is where that is',
    'looked up; the others are kept for everybody. “Golden packets” are requests captured from the real firmware, in',
    '`test/golden`.',
    '',
  ]
  return [...intro, ...QUIRKS.flatMap(renderQuirk)].join('\n')
}

function renderQuirk({ id, firmware, symptom, remedy, citations, effect }: Quirk): string[] {
  const place =
    effect.kind === 'answer'
      ? `*answer* of ${effect.match.join(', ')}: ${Object.keys(effect.change).join(', ')}`
      : `always, in \`${effect.file}\``
  return [
    `## ${id}`,
    '',
    `- **Who:** ${firmware}`,
    `- **What:** ${symptom}`,
    `- **Done about it:** ${remedy}`,
    `- **Where:** ${place}`,
    `- **Source:** ${citations.map((citation) => (citation.startsWith('http') ? `<${citation}>` : citation)).join('; ')}`,
    '',
  ]
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.stdout.write(renderQuirksPage())
