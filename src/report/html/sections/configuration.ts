/** How to have it again: the command, and every setting. */

import { kebab } from '../../../config/case.js';
import type { TrainConfig } from '../../../config/train.js';
import type { TrainDocument } from '../../../metrics/index.js';
import { commandOf, settingsOf } from '../command.js';
import { type Html, html, isolated } from '../markup.js';
import { section, table } from '../page.js';
import type { RunRecord } from '../runRecord.js';

/** No part of an experiment, or shown for each model below. */
const APART = ['out', 'forWeak', 'forStrong'];

export function configurationSection(
  document: TrainDocument,
  { customLoss, libtorch }: RunRecord,
  version: string,
): Html {
  const config = document.config as unknown as TrainConfig;
  return section({
    title: 'Repeat it',
    words: html`<p>The command holds only what differs from the defaults. A click selects all of it.</p>
<p>Steps that are in the store are not run again; add <code>--out FOLDER</code> for another store than
<code>results</code>.</p>`,
    content: html`${commandBlock(config, customLoss)}
<p class="range">w2s-native ${version}${libtorch !== null && ` · libtorch ${libtorch}`}</p>
<details><summary>Every setting</summary>${settingsTable(config)}${modelTable(config)}</details>
<details><summary>Steps in the store</summary>${stepsTable(document)}</details>`,
  });
}

function commandBlock(config: TrainConfig, customLoss: string | null): Html {
  const command = commandOf(config);
  if (command === null && customLoss !== null) {
    return html`<p class="note">The student was trained with a loss written in TypeScript,
<bdi>${customLoss}</bdi>: repeat it from Node, with <code>weakToStrong(settings, { loss })</code> and these
settings:</p><pre class="copy">${JSON.stringify(settingsOf(config) ?? config, null, 2)}</pre>`;
  }
  if (command !== null) return html`<pre class="copy"><code>${unbrokenFlags(command)}</code></pre>`;
  return html`<p class="note">This version of w2s-native has no command for this configuration, which comes from
another one. Every setting is listed below.</p>`;
}

/** Lines break between words, and not at the hyphens of a flag. */
function unbrokenFlags(command: string): Html[] {
  return command
    .split(/(?<= )(--[a-z-]+)/)
    .map((part, i) => (i % 2 ? html`<span class="flag">${part}</span>` : html`${part}`));
}

function settingsTable(config: TrainConfig): Html {
  const rows = Object.entries(config)
    .filter(([key]) => !APART.includes(key))
    .map(([key, value]) => [html`<code>${kebab(key)}</code>`, isolated(shown(value))]);
  return table('Settings of the experiment.', [{ title: 'setting' }, { title: 'value' }], rows);
}

function modelTable({ forWeak, forStrong }: TrainConfig): Html | null {
  if (!forWeak || !forStrong) return null;
  const rows = Object.keys(forStrong).map((key) => [
    html`<code>${kebab(key)}</code>`,
    shown((forWeak as unknown as Record<string, unknown>)[key]),
    shown((forStrong as unknown as Record<string, unknown>)[key]),
  ]);
  return table(
    'Settings of the models; the ceiling takes the plain loss of true labels.',
    [{ title: 'setting' }, { title: 'weak' }, { title: 'student and ceiling' }],
    rows,
  );
}

function stepsTable({ perSeed }: TrainDocument): Html {
  const rows = perSeed.flatMap(({ seed, steps }) =>
    Object.entries(steps).map(([role, hash]) => [role, `${seed}`, html`<code>${hash}</code>`]),
  );
  return table(
    'Folders under steps/ in the store.',
    [{ title: 'step' }, { title: 'seed' }, { title: 'folder' }],
    rows,
  );
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
