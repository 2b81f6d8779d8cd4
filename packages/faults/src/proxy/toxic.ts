import { z } from 'zod';
import { quote } from '../kinds.ts';
import { ApiError, badRequest } from './api-error.ts';
import { TOXIC_TYPES, type ToxicType, type ToxicTypeName } from './toxics.ts';

/** Upstream is what the client sends, downstream what it receives. */
export type Stream = 'upstream' | 'downstream';

/** A toxic of a proxy, with the members and their order as Toxiproxy answers them. */
export interface Toxic {
  attributes: Readonly<Record<string, number>>;
  readonly name: string;
  readonly type: ToxicTypeName;
  readonly stream: Stream;
  /** The share of connections that it affects, from 0 to 1. */
  toxicity: number;
}

/** `null` counts as absent, as in Go. */
export const optional = <S extends z.ZodType>(schema: S) =>
  z.preprocess((value) => (value === null ? undefined : value), schema.optional());

const shared = {
  toxicity: optional(
    z.custom<number>((value) => typeof value === 'number' && value >= 0 && value <= 1, {
      error: ({ input }) => `${quote(input)} is not a share of connections from 0 to 1`,
    }),
  ),
  attributes: optional(z.record(z.string(), z.unknown())),
};
const updateSchema = z.object(shared);
const createSchema = z.object({
  name: optional(z.string()),
  type: optional(z.string()),
  stream: optional(z.string()),
  ...shared,
});

/**
 * Reads the body of a new toxic. By default it is downstream, affects every connection and is named `<type>_<stream>`.
 * @throws ApiError 400 with the path of each mistake
 */
export function readToxic(body: unknown): Toxic {
  const { name, type = '', stream: given = 'downstream', toxicity = 1, attributes = {} } = readBody(createSchema, body);
  // Toxiproxy ignores the case.
  const stream = given.toLowerCase();
  if (stream !== 'upstream' && stream !== 'downstream') {
    throw new ApiError(400, 'stream was invalid, can be either upstream or downstream');
  }
  if (!isToxicType(type)) throw new ApiError(400, 'invalid toxic type');
  return { attributes: readAttributes(type, attributes), name: name || `${type}_${stream}`, type, stream, toxicity };
}

/**
 * Reads a change of a toxic. Only its toxicity and single attributes can change.
 * @throws ApiError 400 with the path of each mistake
 */
export function readToxicUpdate(toxic: Toxic, body: unknown): Pick<Toxic, 'attributes' | 'toxicity'> {
  const { toxicity = toxic.toxicity, attributes = {} } = readBody(updateSchema, body);
  return { toxicity, attributes: readAttributes(toxic.type, { ...toxic.attributes, ...withoutNulls(attributes) }) };
}

/** The type of a toxic, with its attributes as plain numbers. */
export function typeOf({ type }: Toxic): ToxicType<Readonly<Record<string, number>>> {
  // `readAttributes` has checked the attributes against the schema of the type.
  return TOXIC_TYPES[type] as unknown as ToxicType<Readonly<Record<string, number>>>;
}

/** @throws ApiError 400 with the path of each mistake */
export function readBody<S extends z.ZodType>(schema: S, body: unknown, at = ''): z.output<S> {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  throw badRequest(
    parsed.error.issues
      .map(({ path, message }) => [[at, ...path].filter(String).join('.'), message].filter(Boolean).join(': '))
      .join('; '),
  );
}

function readAttributes(type: ToxicTypeName, attributes: Readonly<Record<string, unknown>>): Toxic['attributes'] {
  return readBody(TOXIC_TYPES[type].attributes, withoutNulls(attributes), 'attributes');
}

function withoutNulls(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
}

function isToxicType(type: string): type is ToxicTypeName {
  return Object.hasOwn(TOXIC_TYPES, type);
}
