/** Results that hold experiments beside each other: analyses, chains, best of n. What of them a report shows. */
import { relative, sep } from 'node:path';
import {
  ANALYSIS_SCHEMA,
  type AnalysisDocument,
  BEST_OF_SCHEMA,
  type BestOfDocument,
  BOOTSTRAP_SCHEMA,
  type BootstrapDocument,
} from '../../metrics/index.js';
import { analysisTitle } from '../analysisReport.js';
import { bestOfMeaning, bestOfTitle } from '../bestOfReport.js';
import { bootstrapMeaning, bootstrapTitle } from '../bootstrapReport.js';
import { html } from '../html/markup.js';
import type { ResultPage, ResultSection } from '../html/resultPage.js';
import type { StudySection } from './page.js';

/** The documents of `analyse`, `bootstrap` and `best-of`. */
type StudyDocument = AnalysisDocument | BootstrapDocument | BestOfDocument;

export interface Study {
  document: StudyDocument;
  /** ISO 8601. */
  time: string;
}

/** Two runs with the same key are one study. */
export function studyKey(document: StudyDocument): string {
  // An analysis of the same steps by another corpus is another one.
  const { out, ...config } = document.config;
  return JSON.stringify([
    document.schema,
    'analysis' in document && document.analysis,
    document.steps,
    config,
  ]);
}

/** What it is of, such as `Bootstrapping: chess-puzzles: chess-xs → chess-s, seed 0`. */
export function studyTitle(document: StudyDocument): string {
  if (document.schema === ANALYSIS_SCHEMA) return analysisTitle(document);
  return document.schema === BOOTSTRAP_SCHEMA
    ? `Bootstrapping: ${bootstrapTitle(document)}`
    : `Best of n: ${bestOfTitle(document)}`;
}

/** What it says, in a sentence or two. */
export function studyMeaning(document: StudyDocument): string {
  if (document.schema === ANALYSIS_SCHEMA) return document.says;
  return document.schema === BOOTSTRAP_SCHEMA ? bootstrapMeaning(document) : bestOfMeaning(document);
}

/**
 * Writes the page of each, and gives its sections as one of the report's.
 * @param folder the results folder
 * @param warn told of one that cannot be drawn
 */
export async function studySections(
  studies: readonly Study[],
  folder: string,
  warn: (message: string) => void,
): Promise<StudySection[]> {
  const drawn: StudySection[] = [];
  for (const { document } of studies) {
    try {
      drawn.push(await studySection(document, folder));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      warn(`one comparison could not be drawn, ${studyTitle(document)}: ${why}`);
    }
  }
  return drawn;
}

async function studySection(document: StudyDocument, folder: string): Promise<StudySection> {
  const { writeResultPage } = await import('../html/resultPage.js');
  const page = await pageOf(document);
  const path = relative(folder, await writeResultPage(page, folder));
  const href = path.split(sep).map(encodeURIComponent).join('/');
  return {
    section: joined(studyTitle(document), page),
    more: html`<p><a href="${href}">Its own page</a> has the command that repeats it.</p>`,
  };
}

async function pageOf(document: StudyDocument): Promise<ResultPage> {
  if (document.schema === ANALYSIS_SCHEMA) {
    return (await import('../html/analysisPage.js')).analysisPage(document);
  }
  return document.schema === BOOTSTRAP_SCHEMA
    ? (await import('../html/bootstrapPage.js')).bootstrapPage(document)
    : (await import('../html/bestOfPage.js')).bestOfPage(document);
}

/** All of a page below one headline. */
function joined(title: string, { lede, sections }: ResultPage): ResultSection {
  return {
    title,
    words: [lede, ...sections.flatMap(({ words }) => words)],
    charts: sections.flatMap(({ charts = [] }) => charts),
    tables: sections.flatMap(({ tables = [] }) => tables),
  };
}

type Fields = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Parts of each document that tables, charts and pages read. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  [ANALYSIS_SCHEMA]: ['columns', 'rows', 'charted', 'facts', 'says', 'reading'],
  [BOOTSTRAP_SCHEMA]: ['models', 'arms', 'ceiling', 'gap', 'perSeed'],
  [BEST_OF_SCHEMA]: ['n', 'kl', 'student', 'ceiling', 'oracle', 'random', 'accuracy', 'pgr'],
};

/** Whether it is one of these, with all of its parts. */
export function isStudyDocument(value: unknown): value is StudyDocument {
  if (!isRecord(value) || typeof value.schema !== 'string') return false;
  const parts = PARTS[value.schema];
  if (parts === undefined || !isRecord(value.config) || !isRecord(value.steps)) return false;
  return Array.isArray(value.seeds) && parts.every((part) => value[part] !== undefined);
}
