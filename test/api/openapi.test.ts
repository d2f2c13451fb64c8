/** The OpenAPI document: up to date, whole, and true to the methods. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { renderOpenApi } from '../../src/api/access/openapi.ts'
import { METHODS } from '../../src/api/methods/index.ts'
import { PARAMS } from '../../src/api/params.ts'

interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

interface Operation {
  readonly operationId: string
  readonly responses: object
  readonly 'x-liteboot'?: { readonly command: string; readonly role: string; readonly changes: boolean }
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
}

interface Schema {
  readonly type: string
  readonly properties?: Readonly<Record<string, object>>
  readonly additionalProperties?: boolean
}

const document = JSON.parse(renderOpenApi()) as Document

test('docs/reference/openapi.json is what the methods make of it', (t) => {
  const written = readFileSync(join(import.meta.dirname, '../../docs/reference/openapi.json'), 'utf8')
  t.true(written === renderOpenApi(), 'run: node src/api/access/openapi.ts > docs/reference/openapi.json')
})

test('every method is there, with its command, role and parameters, and nothing else', (t) => {
  t.is(document.openapi, '3.1.0')
  const paths = Object.keys(document.paths).filter((path) => path.startsWith('/v1/') && path !== '/v1/')
  t.deepEqual(
    paths.sort(),
    Object.keys(PARAMS)
      .map((name) => `/v1/${name}`)
      .sort(),
  )
  for (const [name, { command, role, changes }] of Object.entries(METHODS)) {
    const operation = document.paths[`/v1/${name}`]?.post
    t.is(operation?.operationId, name)
    t.like(operation?.['x-liteboot'], { command, role, changes: changes === true }, name)
    const schema = operation?.requestBody?.content['application/json']?.schema
    t.is(schema?.type, 'object', name)
    t.is(schema?.additionalProperties, false, name)
    if (changes) t.true('dryRun' in (schema?.properties ?? {}), name)
  }
})

test('every reference leads somewhere, every operation has its own name and an answer', (t) => {
  const references = [...renderOpenApi().matchAll(/"\$ref": "#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name)
  t.true(references.length > 10)
  for (const name of references) t.true(Object.hasOwn(document.components.schemas, name ?? ''), name)
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
  const names = operations.map(({ operationId }) => operationId)
  t.is(new Set(names).size, names.length)
  for (const { operationId, responses } of operations) t.true(Object.hasOwn(responses, '200'), operationId)
})
