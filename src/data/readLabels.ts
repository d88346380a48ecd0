import { type LabelsOfFile, mixedLabels } from './classes.js';
import type { RawExample } from './formats/index.js';
import type { RawLabel } from './labels.js';
import { noRows, SkippedRows } from './readFile.js';
import { openRole, type RoleRequest } from './recentFiles.js';
import type { DatasetSpec, FileLocations, FileRole } from './types.js';

/** The labels of one file of a data set, each where it stands first; of its rows nothing else is kept. */
export async function readLabels(
  spec: DatasetSpec,
  role: FileRole,
  locations: FileLocations,
  request: RoleRequest,
): Promise<LabelsOfFile> {
  const { examples, ...opened } = await openRole(spec, role, locations, request);
  const labels = new DistinctLabels();
  const skipped = spec.skipBadRows ? new SkippedRows() : undefined;
  for await (const chunk of examples({ onProblem: skipped?.add })) for (const row of chunk) labels.add(row);
  if (labels.count === 0) throw noRows(opened, skipped?.count, skipped?.first);
  const file = { ...opened, rows: labels.rows };
  const mixed = spec.skipBadRows ? mixedLabels([file]) : undefined;
  return mixed === undefined
    ? file
    : { ...file, rows: labels.rows.filter(({ label }) => !mixed.isSlip(label)) };
}

/** Labels by what tells them apart: probabilities are alike where there are as many of them. */
class DistinctLabels {
  /** Rows, labelled or not. */
  count = 0;
  /** In the order of their first appearance. */
  readonly rows: { row: number; label: RawLabel; times: number }[] = [];
  private readonly seen = new Map<string | number, { times: number }>();
  private readonly lengths = new Map<number, { times: number }>();

  add({ row, label }: RawExample): void {
    this.count++;
    if (label === undefined) return;
    const known = typeof label === 'object' ? this.lengths.get(label.length) : this.seen.get(label);
    if (known !== undefined) {
      known.times++;
      return;
    }
    const first = { row, label, times: 1 };
    this.rows.push(first);
    if (typeof label === 'object') this.lengths.set(label.length, first);
    else this.seen.set(label, first);
  }
}
