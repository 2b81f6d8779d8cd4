import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';

/** A mistake in the YAML itself. */
interface SyntaxMistake {
  readonly offset: number;
  readonly message: string;
}

export interface YamlText {
  /** Empty when the YAML can be read. */
  readonly mistakes: readonly SyntaxMistake[];
  /** The value; `undefined` when there are mistakes. */
  readonly value: unknown;
  /**
   * The offset of a member; a missing member has the offset of its parent.
   * @param key a member that should not be there
   */
  readonly offsetOf: (path: readonly PropertyKey[], key?: string) => number;
  /** From 1. */
  readonly place: (offset: number) => { readonly line: number; readonly column: number };
}

export function readYaml(text: string): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const syntax = [...document.errors, ...document.warnings].map((error) => ({
    offset: error.pos[0],
    message: inWords(error),
  }));
  const nul = text.indexOf('\0');
  const binary = nul < 0 ? [] : [{ offset: nul, message: 'a NUL byte: this is not text' }];
  const mistakes = [binary, syntax].find((some) => some.length > 0) ?? ofNodes(document);
  return {
    ...valueOf(document, mistakes),
    offsetOf: (path, key) => offsetOf(document, path, key),
    place(offset) {
      const { line, col } = lines.linePos(offset);
      return { line, column: col };
    },
  };
}

function valueOf(document: Document.Parsed, mistakes: readonly SyntaxMistake[]): Pick<YamlText, 'mistakes' | 'value'> {
  if (mistakes.length > 0) return { mistakes, value: undefined };
  try {
    return { mistakes, value: document.toJS() };
  } catch (error) {
    // Aliases of aliases of aliases: a few lines that expand to gigabytes.
    if (!(error instanceof ReferenceError)) throw error;
    return {
      mistakes: [{ offset: firstAlias(document), message: 'refers to too much: aliases of aliases' }],
      value: undefined,
    };
  }
}

function inWords({ code, message }: YAMLError): string {
  return code === 'MULTIPLE_DOCS' ? 'a second document begins here, but a file holds one experiment' : message;
}

/** Valid YAML that refers to nothing, to itself, or to a forbidden name. */
function ofNodes(document: Document.Parsed): SyntaxMistake[] {
  const mistakes: SyntaxMistake[] = [];
  const mistake = (node: Node, message: string) => mistakes.push({ offset: node.range?.[0] ?? 0, message });
  visit(document, {
    Alias(_key, alias, ancestors) {
      const target = alias.resolve(document);
      if (target === undefined)
        mistake(alias, `*${alias.source} refers to nothing: there is no &${alias.source} before it`);
      else if (ancestors.includes(target)) mistake(alias, `*${alias.source} refers to something that it is part of`);
    },
    Pair(_key, { key }) {
      // JavaScript would take it as the prototype, and the member would silently be lost.
      if (isScalar(key) && key.value === '__proto__') mistake(key, '__proto__ cannot be used as a name');
    },
  });
  return mistakes;
}

function firstAlias(document: Document.Parsed): number {
  let offset = 0;
  visit(document, {
    Alias(_key, { range }) {
      offset = range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return offset;
}

/** The offset of a member in the text; a missing member has the offset of its parent. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[], key?: string): number {
  let node: Node | null | undefined = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const part of key === undefined ? path : [...path, key]) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part),
      );
      if (pair === undefined) return offset;
      const name = pair.key as Node;
      offset = name.range?.[0] ?? offset;
      node = pair.value as Node | null;
      const isLast = part === path.at(-1);
      // Point at the value, or at its name when the value is a block.
      if (key === undefined && isLast && isScalar(node)) offset = node.range?.[0] ?? offset;
    } else if (isSeq(node)) {
      node = node.items[Number(part)] as Node | undefined;
      offset = node?.range?.[0] ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}
