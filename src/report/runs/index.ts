/** A report over many runs: a page, a picture, a table of numbers. Drawing is loaded when something is drawn. */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { packageVersion } from '../../config/packageVersion.js';
import { type Store, writeAtomically } from '../../store/index.js';
import { runPageName, writeRunPage } from '../html/index.js';
import { type NamedExperiment, nameExperiments, order } from './labels.js';
import type { Experiment, SortedRuns } from './records.js';

export { CSV_COLUMNS, runsCsv } from './csv.js';
export { type ReportedRun, type SortedRuns, sortRuns } from './records.js';

/** So many pages of single experiments are drawn at once, where they are missing. */
const MOST_NEW_PAGES = 12;
/** Pixels of the picture that stands alone. */
const PICTURE_WIDTH = 1000;

export interface RunsPageOptions {
  store: Store;
  /** Told before each page is drawn. */
  onPage?: (done: number, total: number) => void;
  /** Told of a page of one experiment that could not be drawn. */
  warn?: (message: string) => void;
}

/**
 * Writes `<store>/report.html`, and the pages of single experiments that are missing and that the store still
 * has the steps for.
 *
 * @returns its path
 * Rejects with ERR_DISK or ERR_STORE where it cannot be written.
 */
export async function writeRunsPage(runs: SortedRuns, options: RunsPageOptions): Promise<string> {
  const { store } = options;
  const named = inOrder(runs.experiments);
  const pages = await singlePages(named, options);
  const experiments = named.map((one, i) => ({ ...one, href: pages[i] ?? null }));
  const { drawRunsPage } = await import('./page.js');
  const folder = basename(store.root);
  const { studySections } = await import('./studies.js');
  const studies = await studySections(runs.studies, store.root, options.warn ?? (() => {}));
  const { evaluations } = runs;
  const version = packageVersion();
  const text = await drawRunsPage({ folder, experiments, evaluations, studies, version });
  const path = join(store.root, 'report.html');
  await writeAtomically(path, text);
  return path;
}

/** The comparison of all experiments as a picture of its own: SVG with colours in it, on a background. */
export async function runsSvg({ experiments }: SortedRuns): Promise<string> {
  const [{ comparisonChart }, { comparisonRows }, { colour, renderSvg }] = await Promise.all([
    import('./chart.js'),
    import('./page.js'),
    import('../charts/index.js'),
  ]);
  const rows = comparisonRows(inOrder(experiments));
  const chart = comparisonChart(rows, { width: PICTURE_WIDTH, panels: ['accuracy', 'pgr'] });
  const padding = { left: 20, right: 20, top: 16, bottom: 12 };
  return renderSvg({ ...chart, padding, background: colour('page') }, { theme: 'light' });
}

/** By data set, then by name. */
function inOrder(experiments: readonly Experiment[]): (Experiment & NamedExperiment)[] {
  const names = nameExperiments(experiments.map(({ document }) => document));
  return experiments
    .flatMap((experiment, i) => (names[i] ? [{ ...experiment, ...names[i] }] : []))
    .sort((a, b) => order(a.data, b.data) || order(a.label, b.label));
}

/** Addresses relative to the page; null where there is no page of its own. */
async function singlePages(
  experiments: readonly Experiment[],
  { store, onPage, warn }: RunsPageOptions,
): Promise<(string | null)[]> {
  const there = new Set(await readdir(join(store.root, 'reports')).catch(() => []));
  const missing: Experiment[] = [];
  for (const experiment of experiments) {
    if (missing.length === MOST_NEW_PAGES) break;
    const { document } = experiment;
    if (there.has(runPageName(document)) || !(await hasSteps(document.perSeed, store))) continue;
    missing.push(experiment);
  }
  for (const [drawn, { document }] of missing.entries()) {
    onPage?.(drawn, missing.length);
    try {
      await writeRunPage(document, { store });
      there.add(runPageName(document));
    } catch (error) {
      warn?.(
        `the page of one experiment could not be drawn: ${error instanceof Error ? error.message : error}`,
      );
    }
  }
  return experiments.map(({ document }) => {
    const name = runPageName(document);
    return there.has(name) ? `reports/${encodeURIComponent(name)}` : null;
  });
}

async function hasSteps(
  perSeed: readonly { steps: Readonly<Record<string, string>> }[],
  store: Store,
): Promise<boolean> {
  for (const { steps } of perSeed) {
    for (const hash of Object.values(steps)) {
      if ((await store.readResult(hash)) === null) return false;
    }
  }
  return perSeed.length > 0;
}
