/** The page of one experiment, put together. */

import type { TrainDocument } from '../../metrics/index.js';
import type { Store } from '../../store/index.js';
import { titleOf } from '../trainReport.js';
import { type Html, html } from './markup.js';
import { namesOf } from './names.js';
import { pageText } from './page.js';
import { readRunRecord } from './runRecord.js';
import { agreementSection } from './sections/agreement.js';
import { calibrationSection } from './sections/calibration.js';
import { configurationSection } from './sections/configuration.js';
import { generativeSection } from './sections/generative.js';
import { itemsSection } from './sections/items.js';
import { accuracySection, gapSection, seedsSection } from './sections/scores.js';
import { headerOf, settingSection } from './sections/setting.js';
import { earlyStopSection, roundsSection } from './sections/students.js';
import { trainingSection } from './sections/training.js';

export interface RunPage {
  text: string;
  /** Whether everything that belongs on it was found. */
  complete: boolean;
}

/** Draws the page. The same document and store give the same text. */
export async function drawRunPage(document: TrainDocument, store: Store, version: string): Promise<RunPage> {
  const record = await readRunRecord(document, store);
  const names = namesOf(document);
  const sections: (Html | null)[] = [
    await gapSection(document),
    generativeSection(document),
    settingSection(document, names),
    await accuracySection(document, names, record.classes.length),
    await agreementSection(document, record),
    await itemsSection(record),
    roundsSection(document),
    await trainingSection(record),
    await earlyStopSection(document),
    await calibrationSection(record),
    seedsSection(document),
    configurationSection(document, record, version),
  ];
  const text = pageText({
    title: titleOf(document),
    header: headerOf(document, names),
    sections,
    footer: html`<p>Drawn by w2s-native ${version}. This page is one file: it asks the network for nothing and runs no script.</p>`,
  });
  return { text, complete: record.texts.missing === null };
}
