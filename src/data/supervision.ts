import { W2sError } from '../errors.js';
import { badField, displayPath, placeText, shown, unitOf, unskippable } from './badRow.js';
import { resolveClasses } from './classes.js';
import { parseLabel } from './labels.js';
import { type ParsedFile, placeOf } from './parsedFile.js';
import { mirroredId } from './preference.js';
import { requireColumns } from './readFile.js';
import { openSource } from './sources/index.js';
import type { Example, TaskKind } from './types.js';

/** A label from outside: the probability of each class, or a completion. */
export type Supervision = readonly number[] | string;

export interface SupervisionOptions {
  task: TaskKind;
  /** K; ignored for completions. */
  classes: number;
  /** Names by index, where the labels may be names. */
  classNames?: readonly string[];
}

/**
 * Reads `--weak-labels FILE` (any data file with `id` and `label`; for completions `completion` or `label`),
 * as `label --export` writes it. `--skip-bad-rows` does not reach here: an example whose label is left out
 * would be missing from the student's rows and not from the ceiling's.
 * Throws ERR_DATA naming file, 1-based line and field on a bad, missing or repeated id or label.
 */
export async function readSupervision(
  file: string,
  options: SupervisionOptions,
): Promise<Map<string, Supervision>> {
  try {
    return await readLabels(file, options);
  } catch (error) {
    throw unskippable(error);
  }
}

async function readLabels(file: string, options: SupervisionOptions): Promise<Map<string, Supervision>> {
  const source = await openSource(file);
  await requireColumns(source);
  const column = labelColumn(source.columns, options.task, file);
  const rows: ParsedFile['rows'][number][] = [];
  const completions = new Map<string, Supervision>();
  const firstWith = new Map<string, number>();
  for await (const chunk of source.rows()) {
    for (const { row, record, problem } of chunk) {
      if (problem !== undefined) throw problem;
      const place = placeOf(source, row);
      const id = identifierOf(record?.id, place);
      const earlier = firstWith.get(id);
      if (earlier !== undefined) {
        throw badField(place, 'id', 'an id of its own', `"${id}", which ${source.unit} ${earlier} has`);
      }
      firstWith.set(id, row);
      const value = record?.[column];
      if (options.task !== 'completion') {
        rows.push({ id, group: id, row, label: parseLabel(value, place, column) });
      } else if (typeof value === 'string' && value.trim() !== '') completions.set(id, value);
      else throw badField(place, column, 'text', value === '' ? 'a blank' : shown(value));
    }
  }
  if (firstWith.size === 0) {
    throw new W2sError('ERR_DATA', `Expected labels in ${displayPath(file)}, line 1, but received no rows.`, {
      hint: 'Write one row an example, with id and label',
    });
  }
  if (options.task === 'completion') return completions;
  const parsed: ParsedFile = {
    file: source.file,
    unit: source.unit,
    task: options.task,
    textColumns: [],
    labelColumn: column,
    rows,
    skipped: 0,
  };
  const labels = vectors(parsed, options);
  return options.task === 'preference' ? inBothOrders(labels) : labels;
}

/** A label for one order of two completions says as much of the other. */
function inBothOrders(labels: ReadonlyMap<string, Supervision>): Map<string, Supervision> {
  const both = new Map(labels);
  for (const [id, label] of labels) {
    const mirrored = mirroredId(id);
    if (mirrored === undefined || both.has(mirrored) || typeof label === 'string') continue;
    both.set(mirrored, label.toReversed());
  }
  return both;
}

function labelColumn(columns: readonly string[], task: TaskKind, file: string): string {
  const candidates = task === 'completion' ? ['completion', 'label'] : ['label'];
  const column = candidates.find((name) => columns.includes(name));
  if (column !== undefined && columns.includes('id')) return column;
  throw new W2sError(
    'ERR_DATA',
    `Expected columns "id" and "${candidates.join('" or "')}" in ${displayPath(file)}, line 1, but received ` +
      `${columns.map((name) => `"${name}"`).join(', ')}.`,
    {
      hint: 'Such a file is what this writes: npx w2s-native label --model MODEL --data FILE --export labels.jsonl',
    },
  );
}

function identifierOf(value: unknown, place: Parameters<typeof badField>[0]): string {
  if (typeof value === 'string' && value.trim() !== '') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  throw badField(place, 'id', 'a name or a number', shown(value));
}

function vectors(parsed: ParsedFile, options: SupervisionOptions): Map<string, Supervision> {
  const numbered = Array.from({ length: options.classes }, (_, i) => String(i));
  const named = parsed.rows.some((row) => typeof row.label === 'string');
  const names = options.classNames ?? (named ? resolveClasses([parsed], {}).names : numbered);
  const classes = resolveClasses([parsed], { classes: names.length === options.classes ? names : numbered });
  return new Map(
    parsed.rows.flatMap((row) =>
      row.label === undefined ? [] : [[row.id, classes.vector(row.label, parsed, row.row)] as const],
    ),
  );
}

/**
 * Puts labels from outside on examples; their own, if any, are gone.
 * Throws ERR_DATA at the first example without one, and where no label's id is known at all.
 */
export function supervise(
  rows: readonly Example[],
  supervision: ReadonlyMap<string, Supervision>,
  files: { data: string; labels: string },
): readonly Example[] {
  return rows.map((row) => {
    const given = supervision.get(row.id);
    if (given === undefined) throw withoutLabel(row, rows, supervision, files);
    const { label: _own, ...rest } = row;
    return typeof given === 'string' ? { ...rest, completions: [given] } : { ...rest, label: given };
  });
}

function withoutLabel(
  row: Example,
  rows: readonly Example[],
  supervision: ReadonlyMap<string, Supervision>,
  files: { data: string; labels: string },
): W2sError {
  const missing = rows.filter(({ id }) => !supervision.has(id)).length;
  const known = new Set(rows.map(({ id }) => id));
  const unknown = [...supervision.keys()].filter((id) => !known.has(id));
  const place = placeText({ file: files.data, unit: unitOf(files.data), row: row.row });
  return new W2sError(
    'ERR_DATA',
    `Expected a label in ${displayPath(files.labels)} for id "${row.id}" (${place}) but received none; ` +
      `${missing} of ${rows.length} examples have none` +
      `${unknown.length > 0 ? `, and ${unknown.length} ids there are unknown, such as "${unknown[0]}"` : ''}.`,
    { hint: 'Give every example of the transfer half a row {"id": …, "label": …}: --weak-labels FILE' },
  );
}
