/** Pages of results that are no single experiment of `train`: chains, best-of-n, analyses. */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { kebab } from '../../config/case.js';
import { packageVersion } from '../../config/packageVersion.js';
import { writeAtomically } from '../../store/index.js';
import type { ChartSpec } from '../charts/index.js';
import { unbroken } from '../format.js';
import { type Html, html, isolated } from './markup.js';
import { chartFigure, pageText, section, type TableColumn, table } from './page.js';

export interface ResultChart {
  /** The drawing's specification at a width in pixels. */
  draw: (width: number) => ChartSpec;
  /** What it shows, in words, for who cannot see it. */
  alt: string;
  caption?: string;
}

export interface ResultTable {
  caption: string;
  columns: readonly TableColumn[];
  rows: readonly (readonly (string | number)[])[];
}

export interface ResultSection {
  title: string;
  /** Paragraphs: how to read what stands beside them. */
  words: readonly string[];
  charts?: readonly ResultChart[];
  tables?: readonly ResultTable[];
}

export interface ResultPage {
  /** First part of the file's name. */
  name: string;
  /** Above the headline, such as `Bootstrapping · seeds 0, 1`. */
  eyebrow: string;
  title: string;
  /** The result in a sentence or two. */
  lede: string;
  remarks?: readonly string[];
  sections: readonly ResultSection[];
  /** The command that gives the result again, and every setting. */
  command: string;
  config: Readonly<Record<string, unknown>>;
}

/**
 * Draws and writes a page.
 *
 * @param folder where `reports/` goes
 * @returns the page's path: `<folder>/reports/<name>-<hash8>.html`; the same result has the same name
 * Rejects with ERR_DISK or ERR_STORE where it cannot be written.
 */
export async function writeResultPage(page: ResultPage, folder: string): Promise<string> {
  const text = await resultPageText(page);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  const path = join(folder, 'reports', `${page.name.replace(/[^A-Za-z0-9._]+/g, '-')}-${hash}.html`);
  await writeAtomically(path, text);
  return path;
}

/** The page as text. The same result gives the same text. */
export async function resultPageText(page: ResultPage): Promise<string> {
  const { eyebrow, title, lede, remarks = [] } = page;
  return pageText({
    title,
    header: html`<p class="eyebrow">${eyebrow}</p>
<h1>${isolated(title)}</h1>
<p class="lede">${unbroken(lede)}</p>
${remarks.length > 0 && html`<p class="remarks">${unbroken(remarks.join(' '))}</p>`}`,
    sections: [...(await Promise.all(page.sections.map((one) => drawSection(one)))), repeatSection(page)],
    footer: html`<p>Drawn by w2s-native ${packageVersion()}. This page is one file: it asks the network for nothing and runs no script.</p>`,
  });
}

/**
 * Part of a page.
 * @param more stands below the words, such as a link
 */
export async function drawSection(
  { title, words, charts = [], tables = [] }: ResultSection,
  more: Html | false = false,
): Promise<Html> {
  const figures = await Promise.all(
    charts.map(({ draw, alt, caption }) =>
      chartFigure(draw, alt, caption === undefined ? undefined : html`${caption}`),
    ),
  );
  const drawnTables = tables.map(({ caption, columns, rows }) => table(caption, columns, rows));
  return section({
    title,
    words: html`${words.map((paragraph) => html`<p>${unbroken(paragraph)}</p>`)}${more}`,
    content: html`${figures}${drawnTables}`,
  });
}

function repeatSection({ command, config }: ResultPage): Html {
  const rows = Object.entries(config)
    .filter(([key]) => key !== 'out')
    .map(([key, value]) => [html`<code>${kebab(key)}</code>`, isolated(shownSetting(value))]);
  return section({
    title: 'Repeat it',
    words: html`<p>A click selects the whole command. Steps that are in the store are not run again.</p>`,
    content: html`<pre class="copy"><code>${command}</code></pre>
<details><summary>Every setting</summary>${table('Settings.', [{ title: 'setting' }, { title: 'value' }], rows)}</details>`,
  });
}

function shownSetting(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
