/**
 * The API as an OpenAPI 3.1 document, made from the parameter schemas and the registry of methods. It is served, and
 * written to docs/reference/openapi.json by `node src/api/access/openapi.ts > docs/reference/openapi.json`.
 */
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { METHODS } from '../methods/index.ts'
import { type MethodName, PARAMS } from '../params.ts'

const ANSWER_LINE = { $ref: '#/components/schemas/AnswerLine' }
const answer = (description: string) => ({
  description,
  content: { 'application/x-ndjson': { schema: ANSWER_LINE } },
})

const TEXT = { type: 'string' }
const TEXTS = { type: 'array', items: TEXT }

function object(properties: Readonly<Record<string, object>>): object {
  return { type: 'object', required: Object.keys(properties), properties }
}

const SCHEMAS = {
  AnswerLine: {
    description:
      'The answer is a stream of JSON lines: any number of progress, then one result or one error. Empty lines mean that the server still works on it.',
    oneOf: [
      object({ progress: TEXT }),
      object({ result: { $ref: '#/components/schemas/CommandResult' } }),
      object({ error: object({ code: TEXT, message: TEXT, advice: TEXT }) }),
    ],
  },
  CommandResult: {
    ...object({ output: TEXTS, errors: TEXTS, exitStatus: { type: 'integer' }, data: {} }),
    description:
      'What the command prints: lines for standard output, lines for standard error, its exit status, and the same as a value.',
  },
  Token: object({
    token: TEXT,
    id: TEXT,
    user: TEXT,
    role: { enum: ['viewer', 'operator', 'administrator'] },
    description: TEXT,
    createdMs: { type: 'integer' },
    expiresMs: { type: 'integer' },
  }),
}

let rendered: string | undefined

export function renderOpenApi(): string {
  rendered ??= `${JSON.stringify(describeApi(), null, 2)}\n`
  return rendered
}

function describeApi(): object {
  const names = (Object.keys(PARAMS) as MethodName[]).sort()
  return {
    openapi: '3.1.0',
    info: {
      title: 'liteboot',
      version: '1',
      description:
        'Every command of liteboot is one of these calls. The token says who calls and is good for a role at most; the table policy decides about the command.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ token: [] }],
    paths: {
      ...FIXED_PATHS,
      ...Object.fromEntries(names.map((name) => [`/v1/${name}`, { post: describeMethod(name) }])),
    },
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } }, schemas: SCHEMAS },
  }
}

function describeMethod(name: MethodName): object {
  const { command, role, changes, everyone } = METHODS[name]
  const { $schema: _dialect, ...schema } = z.toJSONSchema(PARAMS[name], { io: 'input' })
  return {
    operationId: name,
    summary: `liteboot ${command}`,
    tags: [name.split('.')[0]],
    'x-liteboot': { command, role, changes: changes === true, needsPolicy: everyone !== true },
    requestBody: { required: true, content: { 'application/json': { schema } } },
    responses: {
      200: answer('The command was carried out, or refused with an error line.'),
      401: answer('No token, or one that is not known or has ended.'),
      413: answer('The input is too large.'),
    },
  }
}

const FIXED_PATHS = {
  '/v1/': {
    get: {
      operationId: 'health',
      summary: 'Whether the server is there',
      security: [],
      responses: { 200: { description: 'It is.', content: { 'application/json': { schema: { type: 'object' } } } } },
    },
  },
  '/openapi.json': {
    get: {
      operationId: 'openapi',
      summary: 'This document',
      security: [],
      responses: { 200: { description: 'It.', content: { 'application/json': { schema: { type: 'object' } } } } },
    },
  },
  '/login': {
    post: {
      operationId: 'login',
      summary: 'A token for a user and a password of the table passwd (key=xcat)',
      security: [],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: {
              type: 'object',
              required: ['user', 'password'],
              properties: {
                user: TEXT,
                password: TEXT,
                role: { enum: ['viewer', 'operator', 'administrator'], default: 'administrator' },
                description: TEXT,
                expires: { ...TEXT, default: '1d', description: '12h, 30d, 2w; 30 days at most' },
              },
              additionalProperties: false,
            },
          },
        },
      },
      responses: {
        200: {
          description: 'The token. It is not shown again.',
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Token' } } },
        },
        401: answer('Wrong user or password, or too many failures before.'),
      },
    },
  },
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.stdout.write(renderOpenApi())
